# What a machine must have to run the service: scripts/install looks before it changes anything.
# Sourced, after setup.sh.
# shellcheck shell=bash

# Debian's own: another Python would not find Debian's systemd module, and may go away.
readonly python=/usr/bin/python3
# A release takes 220 MB, an upgrade has two for a moment, and pip keeps its downloads.
readonly needed_disk_mb=500
readonly needed_memory_mb=700

note() { printf '    %s\n' "$*" >&2; }

check_machine() {
  say "Looking at this machine"
  check_system
  check_memory
  check_disk
  check_python
  check_sound
}

check_system() {
  [[ $(getconf LONG_BIT) == 64 ]] ||
    die "a 64-bit system is needed (onnxruntime has no 32-bit build): install the 64-bit Raspberry Pi OS"
  command -v apt-get >/dev/null ||
    die "this is for Debian and Raspberry Pi OS only; docs/operations.md#elsewhere says what to do on other systems"
  ! is_installed tts-daemon ||
    die "the Debian package tts-daemon is installed: sudo apt remove tts-daemon, then run this again"
  note "system: $(uname -m), 64 bits"
}

check_memory() {
  local memory_mb
  memory_mb=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
  ((memory_mb >= needed_memory_mb)) || die "${memory_mb} MB of memory, ${needed_memory_mb} MB are needed"
  note "memory: ${memory_mb} MB"
}

check_disk() {
  local disk_mb place=/opt/tts-daemon
  until [[ -d $place ]]; do place=$(dirname "$place"); done
  disk_mb=$(df --output=avail --block-size=M "$place" | tail -n 1 | tr -dc 0-9)
  ((disk_mb >= needed_disk_mb)) ||
    die "${disk_mb} MB free at $place, ${needed_disk_mb} MB are needed: sudo apt-get clean makes some room"
  note "disk: ${disk_mb} MB free at $place"
}

check_python() {
  if [[ ! -x $python ]]; then
    note "python: none yet; Debian's will be installed"
    return
  fi
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed, this is $("$python" -V): Raspberry Pi OS Bookworm has it"
  note "python: $("$python" -V)"
}

# No reason to refuse: a loudspeaker may be plugged in later.
check_sound() {
  if compgen -G '/dev/snd/pcmC*p' >/dev/null; then
    note "sound: $(sed -n 's/.*\]: *//p' /proc/asound/cards | paste -sd, -)"
  else
    warn "no sound device yet: the daemon waits for one, and speaks when it comes"
  fi
}
