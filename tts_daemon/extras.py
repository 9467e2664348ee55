"""Optional parts of the package, and the command that brings one to this installation."""

from __future__ import annotations

import sys
from pathlib import Path

from tts_daemon.errors import MissingExtraError

DISTRIBUTION = "tts-daemon-zh"
"""Name on the Python index; `tts-daemon` there is another project."""

_DOORS = ("http", "wyoming")
_SERVICE = Path("/opt/tts-daemon")
_DEBIAN = Path("/usr/lib/tts-daemon")


def missing_extra(what: str, extra: str) -> MissingExtraError:
    """An error that says what is missing, and how this installation gets it.

    Args:
        what: What cannot be done, and for want of what.
        extra: The extra that brings it.
    """
    return MissingExtraError(f"{what}: {install_command(extra)}")


def install_command(extra: str, prefix: Path | None = None, root: Path | None = None) -> str:
    """The command that adds an extra to this installation.

    Args:
        extra: Name of the extra.
        prefix: Of the Python environment; the running one by default.
        root: Directory that holds the package; the running one's by default.
    """
    prefix = prefix or Path(sys.prefix)
    root = root or Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").exists():
        return f"in {root}: {_relative(prefix, root)}/bin/pip install -e '.[{extra}]'"
    # An installation replaces the one before, so what is there already has to be named again.
    wanted = ",".join((*_DOORS, extra) if extra not in _DOORS else _DOORS)
    if prefix.is_relative_to(_DEBIAN):
        return (
            "the Debian package does not have it; remove that, and run"
            f" sudo scripts/install --extras {wanted} in a checkout"
        )
    if prefix.is_relative_to(_SERVICE):
        return f"sudo scripts/install --extras {wanted} in the checkout"
    requirement = f"'{DISTRIBUTION}[{extra}]'"
    if "pipx" in prefix.parts:
        return f"pipx install --force {requirement}"
    if prefix.parts[-3:-1] == ("uv", "tools"):
        return f"uv tool install {requirement}"
    return f"{prefix}/bin/pip install {requirement}"


def _relative(prefix: Path, root: Path) -> Path:
    return prefix.relative_to(root) if prefix.is_relative_to(root) else prefix
