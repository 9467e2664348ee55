"""From the name in the configuration to the sink."""

from __future__ import annotations

from pathlib import Path

from tts_daemon.settings.schema import AudioSettings
from tts_daemon.sound.devices.alsa import AlsaDevice
from tts_daemon.sound.devices.default import DefaultDevice
from tts_daemon.sound.devices.null import NullDevice
from tts_daemon.sound.devices.pipe import PipeDevice
from tts_daemon.sound.devices.wav import WavDevice
from tts_daemon.sound.sink import BufferedSink


def make_sink(
    device: str,
    *,
    lead_in_s: float = 0.3,
    release_after_s: float = 10.0,
    pipe_rate: int = AudioSettings().pipe_rate,
    pipe_channels: int = AudioSettings().pipe_channels,
) -> BufferedSink:
    """Build the sink of `audio.device`; nothing is opened yet.

    Args:
        device: `null` (silent, in real time), `wav:PATH` (appends what would be heard, in real
            time), `pipe:PATH` (raw PCM for whoever reads it), `null:fast` and `wav-fast:PATH` (the
            same without waiting), else the name of an ALSA or PortAudio device; `default` is the
            system's, silent on a machine without any.
        lead_in_s: Silence before the first word after a rest; only for a real device.
        release_after_s: Idle time after which the device is given back.
        pipe_rate, pipe_channels: What the reader of a pipe expects.
    """
    kind, _, path = device.partition(":")
    if device in ("null", "null:fast"):
        return BufferedSink(NullDevice(paced=device == "null"), release_after_s=release_after_s)
    if kind in ("wav", "wav-fast") and path:
        wav = WavDevice(Path(path).expanduser(), paced=kind == "wav")
        return BufferedSink(wav, release_after_s=release_after_s)
    if kind == "pipe" and path:
        pipe = PipeDevice(Path(path).expanduser(), pipe_rate, pipe_channels)
        return BufferedSink(pipe, release_after_s=release_after_s)
    card = DefaultDevice() if device == "default" else AlsaDevice(device)
    return BufferedSink(card, lead_in_s=lead_in_s, release_after_s=release_after_s)
