"""Two machines on one: a daemon that makes clauses, a link to it, and a synthesizer at this end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fakes.daemon_process import VOICE, VOICES, DaemonProcess
from fakes.link import Link
from integration.daemon.conftest import daemon
from integration.daemon.test_doors import free_port

from tts_daemon.domain import Style
from tts_daemon.service import assembly
from tts_daemon.settings.schema import RemoteSettings, Settings, SynthesisSettings, VoiceSettings
from tts_daemon.synthesis.phrase_cache import PhraseCache
from tts_daemon.synthesis.remote.voice import RemoteVoice
from tts_daemon.synthesis.synthesizer import Synthesizer

__all__ = ["daemon"]

TOKEN = "open sesame"


@dataclass(frozen=True)
class Strong:
    """The machine that makes clauses, and the way to it."""

    daemon: DaemonProcess
    link: Link


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DaemonProcess, int]]:
    """A daemon with an HTTP door and a token, and its port."""
    daemon, port = DaemonProcess(tmp_path_factory.mktemp("far")), free_port()
    daemon.start(http={"enabled": True, "port": port, "token": TOKEN})
    yield daemon, port
    daemon.close()


@pytest.fixture
def strong(far: tuple[DaemonProcess, int]) -> Iterator[Strong]:
    link = Link(far[1])
    yield Strong(far[0], link)
    link.close()


@dataclass
class Near:
    """This machine: what speaks, and what it was told of the other one."""

    synthesizer: Synthesizer
    remote: RemoteVoice
    troubles: list[str]


Opened = Callable[..., Near]


@pytest.fixture
def near() -> Iterator[Opened]:
    """Opens this end, with the given keys of synthesis.remote."""
    voices: list[RemoteVoice] = []

    def start(url: str, *, cache_mb: float = 0.0, watched: bool = True, **keys: object) -> Near:
        remote = RemoteSettings(url=url, **{"token": TOKEN, "retry_s": 3600.0, **keys})  # type: ignore[arg-type]
        settings = Settings(
            voice=VoiceSettings(default=VOICE, models=(str(VOICES),)),
            synthesis=SynthesisSettings(remote=remote),
        )
        voice = assembly.make_remote_voice(settings)
        assert voice is not None
        voices.append(voice)
        troubles: list[str] = []
        synthesizer = assembly.make_synthesizer(
            settings,
            assembly.voice_store(settings),
            lambda name: Style(),
            PhraseCache(round(cache_mb * 1e6)),
            voice,
        )
        if watched:
            voice.start(troubles.append)
        return Near(synthesizer, voice, troubles)

    yield start
    for voice in voices:
        voice.stop()


@pytest.fixture(scope="module")
def alone() -> Synthesizer:
    """The same voice, with no other machine."""
    settings = Settings(voice=VoiceSettings(default=VOICE, models=(str(VOICES),)))
    return assembly.make_synthesizer(
        settings, assembly.voice_store(settings), lambda name: Style(), PhraseCache(0)
    )
