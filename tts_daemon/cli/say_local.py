"""tts-say --local: the same synthesis and the same player as the daemon's, in this process."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Any

from tts_daemon.cli import sound_file
from tts_daemon.client import Reply
from tts_daemon.domain import OUTCOMES, Event, SpeakRequest
from tts_daemon.inputs import messages
from tts_daemon.inputs.socket.render import frames
from tts_daemon.playback import Journal, Player
from tts_daemon.requests import request_of
from tts_daemon.service import assembly, logs
from tts_daemon.settings.loader import load
from tts_daemon.settings.presets import Presets


def say(fields: dict[str, Any], config: str | None, output: str | None) -> Reply:
    """Speak a request, or write it to a file.

    Args:
        fields: As a message would hold them.
        config: Configuration file; None for the system's.
        output: File, whose ending names the format; None speaks on the configured device.

    Raises:
        TtsError: As the daemon would refuse it.
    """
    settings = load(Path(config) if config else None).settings
    logs.configure("warning")
    request = request_of(fields, "local")
    presets = Presets(settings)
    store = assembly.voice_store(settings)
    synthesizer = assembly.make_synthesizer(settings, store, presets.style)
    player = assembly.make_player(settings, presets, synthesizer, store.names(), journal=Journal())
    player.start()
    try:
        if output:
            return sound_file.save(frames(request.id, player.render(request)), output)
        return _speak(player, request)
    finally:
        player.stop()


def _speak(player: Player, request: SpeakRequest) -> Reply:
    ended: queue.SimpleQueue[Event] = queue.SimpleQueue()
    player.subscribe(
        lambda item: (
            ended.put(item) if isinstance(item, Event) and item.event_type in OUTCOMES else None
        )
    )
    player.submit(request)
    return {"ok": True, **messages.event_message(ended.get())}
