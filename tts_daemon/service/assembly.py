"""From settings to the rooms of the house, for the daemon and for `tts-say --local`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tts_daemon.domain import Style
from tts_daemon.playback import Chimes, Journal, Player, PlayerContext, PlayerSettings
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.machine import Machine
from tts_daemon.settings.places import voice_directories
from tts_daemon.settings.presets import Presets
from tts_daemon.settings.schema import Settings
from tts_daemon.sound.sink_factory import make_sink
from tts_daemon.synthesis import profile
from tts_daemon.synthesis.phrase_cache import PhraseCache
from tts_daemon.synthesis.synthesizer import Synthesizer
from tts_daemon.synthesis.voice_pool import VoicePool
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.g2pm import G2pmModel
from tts_daemon.text.normalize import Ways
from tts_daemon.voices.manifest import verify_graph
from tts_daemon.voices.store import VoiceStore

if TYPE_CHECKING:
    from tts_daemon.synthesis.remote.relay import Relay
    from tts_daemon.synthesis.remote.voice import RemoteVoice


def voice_store(settings: Settings) -> VoiceStore:
    """The voices of the configured directories, then those of this package."""
    return VoiceStore(voice_directories(settings.voice.models), settings.voice.default)


def make_phrase_cache(settings: Settings) -> PhraseCache:
    """Room for what was spoken, as configured."""
    return PhraseCache(round(settings.synthesis.cache_mb * 1e6))


def make_synthesizer(
    settings: Settings,
    store: VoiceStore,
    preset_style: Callable[[str], Style],
    phrases: PhraseCache | None = None,
    remote: RemoteVoice | None = None,
) -> Synthesizer:
    """Load the default voice, warm, and the front end.

    Args:
        settings: The whole configuration.
        store: Installed voices.
        preset_style: The style of a preset that a text names; raises InvalidRequestError.
        phrases: Keeps what was spoken; None keeps nothing.
        remote: Stands in for the default voice; None: no other machine's voice does.

    Raises:
        VoiceError: The default voice is not installed, or damaged.
        MissingExtraError: g2pM is asked for but not installed.
    """
    tuned = profile.read(Path(settings.synthesis.profile).expanduser(), Machine.here())
    voices = VoicePool(
        store,
        Engines(settings.synthesis.engine),
        settings.synthesis.threads,
        settings.voice.memory_mb,
        profile=tuned,
        check=verify_graph,
    )
    voices.get()
    frontend = Frontend(
        lexicon=Path(settings.text.lexicon).expanduser(),
        corrections=Path(settings.text.corrections).expanduser(),
        resolve_preset=preset_style,
        polyphones=G2pmModel() if settings.text.polyphones == "g2pm" else None,
        ways=Ways(
            si_units=settings.text.units == "si",
            english_states=settings.text.states == "english",
        ),
    )
    return Synthesizer(frontend, voices, phrases=phrases, relay=_relay(remote, phrases))


def make_remote_voice(settings: Settings) -> RemoteVoice | None:
    """The other machine's voice, where one is configured; it is not looked for yet.

    Raises:
        SettingsError: Its certificates cannot be read.
    """
    if settings.synthesis.remote.url is None:
        return None
    # An HTTP client costs time and memory at start: only where there is somebody to ask.
    from tts_daemon.synthesis.remote.voice import RemoteVoice

    return RemoteVoice(settings.synthesis.remote)


def _relay(remote: RemoteVoice | None, phrases: PhraseCache | None) -> Relay | None:
    if remote is None:
        return None
    from tts_daemon.synthesis.remote.relay import Relay

    return Relay(remote, phrases or PhraseCache(0))


def make_player(
    settings: Settings,
    presets: Presets,
    synthesizer: Synthesizer,
    voices: tuple[str, ...],
    *,
    journal: Journal,
    heartbeat: Callable[[], None] = lambda: None,
) -> Player:
    """Put queue, worker and sink around a synthesizer; nothing runs yet."""
    audio = settings.audio
    sink = make_sink(
        audio.device,
        lead_in_s=audio.lead_in_ms / 1000,
        release_after_s=audio.release_after_s,
        pipe_rate=audio.pipe_rate,
        pipe_channels=audio.pipe_channels,
    )
    context = PlayerContext(
        voices,
        emotions=synthesizer.emotions,
        engine=synthesizer.engine,
        chimes=Chimes(Path(audio.chimes).expanduser()),
        confirms=settings.mqtt.enabled,
        heartbeat=heartbeat,
    )
    return Player(synthesizer, sink, journal, presets, player_settings(settings), context)


def player_settings(settings: Settings) -> PlayerSettings:
    """What the player takes from the configuration."""
    return PlayerSettings(
        limit=settings.queue.limit,
        interrupted=settings.queue.interrupted,
        max_characters=settings.text.max_characters,
        patience_s=settings.text.stream_timeout_s,
        preset=settings.voice.preset,
        volume=settings.audio.volume,
        quiet_hours=settings.quiet_hours,
    )
