"""Where files lie for the system's service, and for an ordinary user who may not write there."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/tts-daemon/config.yaml")
SYSTEM_SOCKET = Path("/run/tts-daemon/tts.sock")
SYSTEM_STATE = Path("/var/lib/tts-daemon")
SYSTEM_CREDENTIALS = Path("/etc/tts-daemon/credentials")
"""Where systemd takes the service's secrets from; only root may look."""
SOCKET_VARIABLE = "TTS_DAEMON__SOCKET__PATH"


def user_socket(variables: Mapping[str, str]) -> Path:
    """Socket of a daemon that an ordinary user started."""
    runtime = variables.get("XDG_RUNTIME_DIR")
    return (Path(runtime) / "tts-daemon" if runtime else user_state(variables)) / "tts.sock"


def user_state(variables: Mapping[str, str]) -> Path:
    """State directory of a daemon that an ordinary user started."""
    base = variables.get("XDG_STATE_HOME")
    home = Path(variables.get("HOME") or "~").expanduser()
    return (Path(base) if base else home / ".local" / "state") / "tts-daemon"


def user_values(variables: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Settings of a user who may not write the system's places."""
    values: dict[tuple[str, ...], str] = {}
    # An activated socket exists already, whoever may write beside it.
    if "LISTEN_FDS" not in variables and not _writable(SYSTEM_SOCKET.parent):
        values["socket", "path"] = str(user_socket(variables))
    if not _writable(SYSTEM_STATE):
        values["queue", "journal"] = str(user_state(variables) / "queue.db")
        values["text", "corrections"] = str(user_state(variables) / "lexicon.yaml")
        values["synthesis", "profile"] = str(user_state(variables) / "tuned.json")
    return values


def _writable(directory: Path) -> bool:
    existing = directory if directory.exists() else directory.parent
    return os.access(existing, os.W_OK)


def credential(name: str, variables: Mapping[str, str]) -> Path | None:
    """File of a systemd credential; None where there is none.

    A credential loaded from a directory carries the directory's name and `_` before its own.
    """
    directory = variables.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return None
    candidates = [Path(directory) / name, *sorted(Path(directory).glob(f"*_{name}"))]
    return next((path for path in candidates if path.is_file()), None)


def voice_directories(configured: Iterable[str]) -> list[Path]:
    """Where voices are looked for, in this order: as configured, then those of this package."""
    own = own_models()
    return [*(Path(name).expanduser() for name in configured), *([own] if own else [])]


def own_models() -> Path | None:
    """Where the voices lie that came with this package: a checkout's, or a wheel's; else None."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").exists():
        return root / "models"
    # Where pip puts what is no code: of an environment, of a user, of a target directory.
    bases = (Path(sys.prefix), Path(site.getuserbase()), root)
    shares = (base / "share" / "tts-daemon" / "models" for base in bases)
    return next((share for share in shares if share.is_dir()), None)
