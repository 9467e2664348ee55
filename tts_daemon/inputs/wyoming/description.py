"""What we tell of ourselves: the voices, and their emotions as speakers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from tts_daemon import __version__
from tts_daemon.errors import VoiceError
from tts_daemon.voices.manifest import Manifest
from tts_daemon.voices.store import VoiceStore

NAME = "tts-daemon"
_US = Attribution(name=NAME, url="")


def describe(voices: VoiceStore, names: tuple[str, ...]) -> Info:
    """The answer to `describe`; damaged voices are left out."""
    program = TtsProgram(
        name=NAME,
        attribution=_US,
        installed=True,
        description="Local Chinese text to speech",
        version=__version__,
        voices=[_voice(manifest) for manifest in _manifests(voices, names)],
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def _manifests(voices: VoiceStore, names: tuple[str, ...]) -> Iterator[Manifest]:
    for name in names:
        with contextlib.suppress(VoiceError):
            yield voices.find(name).manifest


def _voice(manifest: Manifest) -> TtsVoice:
    return TtsVoice(
        name=manifest.name,
        attribution=_US,
        installed=True,
        description=manifest.title,
        version=__version__,
        # Home Assistant writes languages with an underscore here.
        languages=[manifest.language.replace("-", "_")],
        speakers=[TtsVoiceSpeaker(name=emotion) for emotion in manifest.emotions],
    )
