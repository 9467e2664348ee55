# What scripts/install puts outside of the release: kept before it is replaced, placed, put back.
# Sourced, after setup.sh and machine.sh. Reads $source_dir, $release, $work.
# shellcheck shell=bash
# shellcheck disable=SC2154

readonly prefix=/opt/tts-daemon
readonly etc=/etc/tts-daemon
readonly share=/usr/share/tts-daemon
readonly units=/etc/systemd/system

shipped_voices() {
  find "$source_dir/models" -mindepth 2 -maxdepth 2 -name voice.json -printf '%h\n'
}

# Everything that an upgrade replaces.
placed_files() {
  printf '%s\n' "$units/tts-daemon.service" "$units/tts-daemon.socket" "$prefix/venv" \
    /usr/lib/sysusers.d/tts-daemon.conf /usr/lib/tmpfiles.d/tts-daemon.conf \
    /usr/share/doc/tts-daemon "$etc/default.yaml"
  shipped_voices | sed "s|.*/|$share/models/|"
}

keep_old_files() {
  local path
  placed_files | while read -r path; do
    [[ -e $path || -L $path ]] || continue
    mkdir -p "$work/old$(dirname "$path")"
    cp -a "$path" "$work/old$path"
  done
}

put_old_files_back() {
  local path
  placed_files | while read -r path; do
    rm -rf "$path"
    [[ ! -e $work/old$path && ! -L $work/old$path ]] || cp -a "$work/old$path" "$path"
  done
}

place_files() {
  say "Putting voices, units and settings in place"
  place_voices
  install -d /usr/share/doc/tts-daemon/zh
  install -m 0644 "$source_dir"/docs/*.md /usr/share/doc/tts-daemon/
  install -m 0644 "$source_dir"/docs/zh/*.md /usr/share/doc/tts-daemon/zh/
  install -D -m 0644 "$source_dir/systemd/tts-daemon.sysusers" /usr/lib/sysusers.d/tts-daemon.conf
  install -D -m 0644 "$source_dir/systemd/tts-daemon.tmpfiles" /usr/lib/tmpfiles.d/tts-daemon.conf
  systemd-sysusers tts-daemon.conf
  systemd-tmpfiles --create tts-daemon.conf
  install -m 0644 "$source_dir"/systemd/tts-daemon.{service,socket} "$units/"
  place_config
  place_program
}

place_voices() {
  local voice target
  mkdir -p "$share/models"
  while read -r voice; do
    target=$share/models/$(basename "$voice")
    rm -rf "$target"
    cp -r "$voice" "$target"
    note "voice: $target"
  done < <(shipped_voices)
  chmod -R u=rwX,go=rX "$share"
}

# The user's file is never overwritten; the new defaults stand beside it.
place_config() {
  local board differs=/dev/null
  install -m 0644 "$source_dir/config/default.yaml" "$etc/default.yaml"
  if [[ -e $etc/config.yaml ]]; then
    note "settings: $etc/config.yaml is yours and stays; every key with its default: $etc/default.yaml"
    return
  fi
  board=$(tr -d '\0' 2>/dev/null </proc/device-tree/model || true)
  case $board in
    *"Pi 4"*) differs=$source_dir/config/pi4.yaml ;;
    *"Pi 5"*) differs=$source_dir/config/pi5.yaml ;;
  esac
  { printf '# Only what differs from default.yaml.\n' && cat "$differs"; } >"$etc/config.yaml"
  chmod 0644 "$etc/config.yaml"
  note "settings: $etc/config.yaml${board:+ for $board}"
}

place_program() {
  local file
  # In one step, so that no command is missing for a moment.
  ln -sfn "$release" "$prefix/venv.next"
  mv -T "$prefix/venv.next" "$prefix/venv"
  (cd "$release" && shopt -s nullglob && printf '%s\n' bin/tts-* share/{man/man1,bash-completion/completions}/tts-* \
    share/zsh/site-functions/_tts-*) | while read -r file; do
    mkdir -p "/usr/local/$(dirname "$file")"
    ln -sfn "$prefix/venv/$file" "/usr/local/$file"
  done
}
