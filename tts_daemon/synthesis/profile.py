"""The tuned profile: which precision and how many threads are fastest for each graph, here.

`tts-bench --tune` writes it; a voice is loaded by it. It holds for one machine and one set of
voices: where either has changed, the voice is loaded as usual.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tts_daemon.runtime.engines import CHOICES
from tts_daemon.runtime.machine import Machine
from tts_daemon.voices.manifest import GRAPHS

FORMAT = 1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """How one graph is run.

    Attributes:
        voice: The package that it is taken from: the voice itself, or the same voice in another
            precision.
        sha256: Of the graph's file, as that package's manifest has it.
        threads: For its operators.
        engine: What runs it: `auto`, or `onnx` or `native` for a vocoder.
    """

    voice: str
    sha256: str
    threads: int
    engine: str = "auto"


@dataclass(frozen=True, slots=True)
class Profile:
    """The choices for every voice that was tuned.

    Attributes:
        machine: Where it was made.
        voices: Name -> graph -> choice.
    """

    machine: Machine
    voices: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)

    def choices(self, voice: str) -> Mapping[str, Choice]:
        """Those for one voice; empty where it was not tuned."""
        return self.voices.get(voice, {})


def read(path: Path, here: Machine) -> Profile:
    """The profile of this machine; an empty one where there is none, or one of another machine."""
    nothing = Profile(here)
    try:
        profile = _parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return nothing
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning("%s: cannot be read (%s); `tts-bench --tune` writes it anew", path, error)
        return nothing
    if profile.machine != here:
        log.warning("%s: was made on %s; `tts-bench --tune` here", path, profile.machine)
        return nothing
    return profile


def write(profile: Profile, path: Path) -> None:
    """Write it, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    content = {"format": FORMAT, **asdict(profile)}
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def _parse(content: Any) -> Profile:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}, {FORMAT} expected")
    voices = {
        name: {graph: _choice(graphs[graph]) for graph in GRAPHS}
        for name, graphs in content["voices"].items()
    }
    return Profile(Machine(**content["machine"]), voices)


def _choice(values: dict[str, Any]) -> Choice:
    choice = Choice(**values)
    if not isinstance(choice.threads, int) or choice.threads < 1:
        raise ValueError(f"threads {choice.threads!r}, 1 or more expected")
    if choice.engine not in CHOICES:
        raise ValueError(f"engine {choice.engine!r}, one of {', '.join(CHOICES)} expected")
    return choice
