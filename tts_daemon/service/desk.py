"""What the page shows to those who look after the daemon: the doctor's findings, and the log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tts_daemon.errors import InternalError
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.service import logs
from tts_daemon.settings.schema import Settings
from tts_daemon.text.corrections import Corrections

PATIENCE_S = 60.0


def make_desk(settings: Settings, config: Path | None) -> Desk:
    """Lay out what there is.

    Args:
        settings: The whole configuration.
        config: The file that it came from; None for the system's.
    """
    corrections = Corrections(Path(settings.text.corrections).expanduser())
    return Desk(corrections, partial(_examine, config), logs.newest)


def _examine(config: Path | None, language: str) -> list[dict[str, Any]]:
    """Run tts-doctor.

    In a process of its own: it loads a voice and opens the sound device, and neither its memory nor
    its accidents may be ours.

    Raises:
        InternalError: It did not come to an end.
    """
    command = [sys.executable, "-m", "tts_daemon.cli.doctor", "--json"]
    command += ["--config", str(config)] if config else []
    try:
        ended = subprocess.run(  # noqa: S603 - our own command and a path of our own
            command,
            env=os.environ | {"LANGUAGE": language},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
        return [json.loads(line) for line in ended.stdout.splitlines()]
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InternalError(f"tts-doctor did not come to an end: {error}") from None
