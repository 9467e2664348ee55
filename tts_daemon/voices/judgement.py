"""Notes in a package's manifest how listeners judged it (`scripts/judge-voice` prints it)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import FILE_NAME, Manifest
from tts_daemon.voices.store import VoicePackage

NEEDED = ("sentences", "pinyin_error_percent", "dnsmos_overall", "dnsmos_p808")


def note(package: VoicePackage, report: Path) -> dict[str, Any]:
    """Take the understanding and the DNSMOS of a voice into `quality.judged` of its manifest.

    Args:
        package: The voice.
        report: JSON: name of the package -> `heard` -> name of a set of sentences -> figures.

    Returns:
        The figures.

    Raises:
        VoiceError: The report cannot be read, or is not about this voice; the manifest cannot be
            written.
    """
    judged = _heard(report, package.manifest.name)
    path = package.directory / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["quality"] = {**(content.get("quality") or {}), "judged": judged}
        Manifest.parse(content, path)
        draft = path.with_name(f".{FILE_NAME}.draft")
        text = json.dumps(content, ensure_ascii=False, indent=1)
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise VoiceError(f"{path}: cannot be written: {error.strerror}") from error
    return judged


def _heard(report: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VoiceError(f"{report}: cannot be read as JSON: {error}") from error
    judged = content.get(name) if isinstance(content, dict) else None
    if not isinstance(judged, dict):
        raise VoiceError(f"{report}: says nothing of {name}; `scripts/judge-voice` judges a voice")
    sets = judged.get("heard")
    if not isinstance(sets, dict) or not sets:
        raise VoiceError(f"{report}: {name}.heard is missing")
    for kind, figures in sets.items():
        for key in NEEDED:
            if not isinstance(figures, dict) or not isinstance(figures.get(key), int | float):
                raise VoiceError(f"{report}: {name}.heard.{kind}.{key} is no number")
    return sets
