"""The two checks of the doctor that need a voice and a sound device."""

from __future__ import annotations

from pathlib import Path

from tts_daemon.playback.alsa_sink import AlsaDevice, device_names
from tts_daemon.settings import places
from tts_daemon.settings.schema import Settings
from tts_daemon.voices.store import VoiceStore


def probe_voice(settings: Settings) -> str:
    """Verify the default voice's files. Raises VoiceError."""
    directories = [Path(name) for name in settings.voice.models]
    checkout = places.checkout_models()
    if checkout:
        directories.append(checkout)
    package = VoiceStore(directories, settings.voice.default).verify()
    size_mb = sum(path.stat().st_size for path in package.directory.iterdir()) / 1e6
    return f"{package.manifest.name}, {size_mb:.1f} MB, every checksum right"


def probe_sound(settings: Settings) -> str:
    """Open the device and give it back. Raises AudioUnavailableError."""
    name = settings.audio.device
    if name.startswith(("null", "wav")):
        return f"audio.device is {name}: nothing is heard on a loudspeaker"
    device = AlsaDevice(name)
    rate = device.open()
    device.close()
    return f"{name} opens at {rate} Hz; devices: {', '.join(device_names())}"
