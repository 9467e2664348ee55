"""The daemon: everything is started in order and stopped in reverse, on this page."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tts_daemon.domain import Event, Style
from tts_daemon.errors import SettingsError, TtsError
from tts_daemon.inputs.socket.address import SocketAddress
from tts_daemon.playback import Journal, Player
from tts_daemon.ports import Snapshot
from tts_daemon.requests import request_of
from tts_daemon.runtime import heap
from tts_daemon.service import assembly, logs, signals
from tts_daemon.service.cache_warm_up import CacheWarmUp
from tts_daemon.service.doors import doors
from tts_daemon.service.idle import IdleCare
from tts_daemon.service.opening import OpenDoors
from tts_daemon.service.systemd import Systemd
from tts_daemon.settings.loader import Loaded, changes
from tts_daemon.settings.presets import Presets
from tts_daemon.settings.schema import Settings
from tts_daemon.synthesis.phrase_cache import PhraseCache

log = logging.getLogger(__name__)

WARM_UP = "你好。今天天气晴朗，最高气温二十六度。"
"""Two sentences, a short one and a long one: they tell how fast the machine is."""
GREETING_TTL_S = 60.0
STOP_S = 1.0
"""Time that worker, sound device and journal have to end, after the doors."""
RELOADABLE = (
    "presets",
    "voice.preset",
    "queue.limit",
    "quiet_hours",
    "logging",
    "synthesis.phrases",
)
"""Keys and sections that a reload applies; others need a restart."""


class Daemon:
    """One process that speaks until it is told to end."""

    def __init__(
        self,
        load: Callable[[], Loaded],
        systemd: Systemd | None = None,
        config: Path | None = None,
    ) -> None:
        """Take how settings are read; they are read at once, and again on SIGHUP.

        Args:
            load: Reads them.
            systemd: Who is told of our state.
            config: The file that they come from, for the doctor; None for the system's.

        Raises:
            SettingsError: They are wrong.
        """
        self._load = load
        self._config = config
        self._systemd = systemd or Systemd()
        self._settings = load().settings
        self._presets = Presets(self._settings)

    def run(self) -> None:
        """Speak until SIGTERM or SIGINT, which `signals.hold_back` keeps for us.

        Raises:
            SettingsError: The Unix socket cannot be served as configured.
            VoiceError: The voice is not installed, or damaged.
            MissingExtraError: A door needs a library that is not installed.
        """
        started_s = time.monotonic()
        settings = self._settings
        logs.configure(settings.logging.level)
        heap.keep_small()
        with ExitStack() as stack:
            # First: a second daemon must fail before it touches the journal, and clients may wait.
            listener = self._listen(stack)
            store = assembly.voice_store(settings)
            phrases = assembly.make_phrase_cache(settings)
            remote = assembly.make_remote_voice(settings)
            synthesizer = assembly.make_synthesizer(
                settings, store, self._preset_style, phrases, remote
            )
            player = assembly.make_player(
                settings,
                self._presets,
                synthesizer,
                store.names(),
                journal=_journal(settings),
                heartbeat=self._systemd.feed_watchdog,
            )
            stack.callback(player.subscribe(self._heard))
            stack.callback(player.stop, STOP_S)
            player.warm_up(WARM_UP)
            player.start()
            if remote is not None:
                # After the warm-up, which measures this machine.
                stack.callback(remote.stop)
                remote.start(lambda trouble: player.set_trouble("remote voice", trouble))
            # Before the doors: it must not come between people's own texts.
            _greet(player, settings.service.greeting)
            opened = OpenDoors(player.set_trouble)
            stack.callback(opened.close)
            for door in doors(settings, player, listener, store, self._config):
                opened.open(door)
            warm_up = self._care(stack, player, phrases)
            self._systemd.ready()
            log.info(
                "ready after %.1f s: %s, vocoder played by %s",
                time.monotonic() - started_s,
                _summary(settings),
                synthesizer.engine,
            )
            self._obey_signals(player, warm_up)
            self._systemd.stopping()
            log.info("stopping")
            signals.let_through()

    def _listen(self, stack: ExitStack) -> socket.socket | None:
        if not self._settings.socket.enabled:
            return None
        activated = self._systemd.activated_socket()
        if activated:
            return stack.enter_context(activated)
        address = SocketAddress(self._settings.socket.path, self._settings.socket.group)
        stack.callback(address.release)
        return stack.enter_context(address.listen())

    def _care(self, stack: ExitStack, player: Player, phrases: PhraseCache) -> CacheWarmUp:
        """What is done while nobody speaks: phrases are made ready, memory is given back."""
        warm_up = CacheWarmUp(player, phrases.release)
        stack.callback(warm_up.stop)
        stack.callback(player.subscribe(warm_up.heard))
        warm_up.learn(self._settings.synthesis.phrases)
        warm_up.start()
        idle = IdleCare(heap.give_back, time.process_time)
        stack.callback(idle.stop)
        idle.start()
        return warm_up

    def _preset_style(self, name: str) -> Style:
        return self._presets.style(name)

    def _heard(self, item: Event | Snapshot) -> None:
        if isinstance(item, Snapshot):
            self._systemd.status(f"{item.state}, {item.queued} waiting")

    def _obey_signals(self, player: Player, warm_up: CacheWarmUp) -> None:
        while signals.wait():
            self._systemd.reloading()
            self._reload(player)
            warm_up.learn(self._settings.synthesis.phrases)
            self._systemd.ready()

    def _reload(self, player: Player) -> None:
        try:
            settings = self._load().settings
        except SettingsError as error:
            log.error("the old settings stay in force, the new ones are wrong:")
            for line in str(error).splitlines():
                log.error("%s", line)
            return
        changed = changes(self._settings, settings)
        later = [key for key in changed if not key.startswith(RELOADABLE)]
        self._settings, self._presets = settings, Presets(settings)
        logs.set_level(settings.logging.level)
        player.reload(self._presets, assembly.player_settings(settings))
        log.info("settings were read again; changed: %s", ", ".join(changed) or "nothing")
        if later:
            log.warning("these changes need a restart: %s", ", ".join(later))


def _journal(settings: Settings) -> Journal:
    return Journal(Path(settings.queue.journal) if settings.queue.journal else None)


def _summary(settings: Settings) -> str:
    places = [settings.socket.path] if settings.socket.enabled else []
    if settings.mqtt.enabled:
        places.append(f"mqtt {settings.mqtt.host}:{settings.mqtt.port}")
    for name, door in (("http", settings.http), ("wyoming", settings.wyoming)):
        places += [f"{name} {door.host}:{door.port}"] if door.enabled else []
    voice, device = settings.voice.default, settings.audio.device
    return f"voice {voice}, device {device}, doors {', '.join(places) or 'none'}"


def _greet(player: Player, text: str) -> None:
    if not text:
        return
    greeting = {"text": text, "key": "greeting", "policy": "replace", "ttl_s": GREETING_TTL_S}
    try:
        player.submit(request_of(greeting, "daemon"))
    except TtsError as error:
        log.warning("cannot greet: %s", error)
