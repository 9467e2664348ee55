"""How this installation came about: the commands that start its daemon and bring optional parts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tts_daemon.errors import MissingExtraError

DISTRIBUTION = "tts-daemon-zh"
"""Name on the Python index; `tts-daemon` there is another project."""

_DOORS = ("http", "wyoming")
_SERVICE = Path("/opt/tts-daemon")
_DEBIAN = Path("/usr/lib/tts-daemon")


@contextmanager
def importing(extra: str, purpose: str = "") -> Iterator[None]:
    """Around imports that need an extra, where it is needed and not before.

    Args:
        extra: The extra that brings what is imported.
        purpose: What cannot be done without it.

    Raises:
        MissingExtraError: It is not there, or broken; says what is missing, and how it gets here.
    """
    try:
        yield
    except ImportError as error:
        is_missing = isinstance(error, ModuleNotFoundError)
        fault = f"{error.name} is missing" if is_missing else str(error)
        raise MissingExtraError(
            f"{purpose}{purpose and ': '}{fault}: {install_command(extra)}"
        ) from error


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


def start_command(prefix: Path | None = None, root: Path | None = None) -> str:
    """The command that starts this installation's daemon; arguments as of `install_command`."""
    prefix = prefix or Path(sys.prefix)
    root = root or Path(__file__).resolve().parents[1]
    if (root / "pyproject.toml").exists():
        return f"{root}/scripts/run"
    if prefix.is_relative_to(_SERVICE) or prefix.is_relative_to(_DEBIAN):
        return "sudo systemctl start tts-daemon"
    return f"{prefix}/bin/tts-daemon"


def _relative(prefix: Path, root: Path) -> Path:
    return prefix.relative_to(root) if prefix.is_relative_to(root) else prefix
