# What scripts/run and scripts/test share: Debian packages and the virtual environment in .venv.
# Sourced, not run. Everything here may be done again: what is there already is left alone.
# shellcheck shell=bash

readonly venv=.venv

say() { printf '==> %s\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

may_become_root() { [[ $EUID -eq 0 ]] || command -v sudo >/dev/null; }

is_installed() {
  [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Usage: install_packages WHY NAME...
# Fails where a package is missing and cannot be installed; says what a person has to do.
install_packages() {
  local why=$1 name
  local missing=()
  shift
  command -v dpkg-query >/dev/null || {
    warn "not a Debian system: for $why, install yourself what Debian calls $*"
    return 1
  }
  for name in "$@"; do
    is_installed "$name" || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  may_become_root || {
    warn "for $why, run as root: apt-get install ${missing[*]}"
    return 1
  }
  say "Installing Debian packages for $why: ${missing[*]}"
  as_root apt-get update --quiet
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
}

# Usage: build_kernels [DIRECTORY]
# Builds the vocoder's kernels in a tree (default: this one), unless they are newer than their source.
build_kernels() {
  local tree=${1:-.} made sources
  made=$tree/tts_daemon/native/libtts_vocoder.so sources=("$tree"/tts_daemon/native/*.[ch] "$tree"/tts_daemon/native/transforms.py)
  [[ ! $(find "${sources[@]}" -newer "$made" 2>&1) ]] && return
  command -v "${CC:-gcc}" >/dev/null || {
    say "No C compiler: ONNX Runtime plays the vocoder, at half the speed (apt-get install gcc, then this again)"
    return 0
  }
  say "Building the vocoder's kernels"
  "$tree/scripts/build-native" || say "They cannot be built here: ONNX Runtime plays the vocoder, at half the speed"
}

# Prints the first Python that is new enough and can make virtual environments.
find_python() {
  local candidate
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
      2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

make_virtual_environment() {
  "$venv/bin/python" -c '' 2>/dev/null && return
  local chosen
  chosen=$(find_python) || {
    install_packages "Python" python3 python3-venv || true
    chosen=$(find_python) || die "Python 3.11 or newer with venv is needed"
  }
  say "Making a virtual environment in $venv with $chosen"
  "$chosen" -m venv --clear "$venv"
}

# Usage: pip_install NAME WHAT...
# Installs into .venv, in the versions of constraints.txt, unless NAME was installed before from the
# same pyproject.toml and constraints.
pip_install() {
  local name=$1 stamp wanted
  shift
  stamp=$venv/installed-$name
  wanted=$({ cat pyproject.toml constraints.txt && printf '%s\n' "$PWD" "$@"; } | sha256sum)
  if [[ $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then
    return
  fi
  say "Installing into $venv: $*"
  "$venv/bin/python" -m pip install --disable-pip-version-check --constraint constraints.txt "$@"
  printf '%s\n' "$wanted" >"$stamp"
}
