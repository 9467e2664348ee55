"""Where files lie for the system's service, and for an ordinary user who may not write there."""

from __future__ import annotations

import os
from collections.abc import Mapping
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


def checkout_models() -> Path | None:
    """models/ of the checkout that this package runs from; None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    return root / "models" if (root / "pyproject.toml").exists() else None
