"""The checks of the doctor that need a voice, a sound device or a broker."""

from __future__ import annotations

from pathlib import Path

from tts_daemon.client import SocketClient
from tts_daemon.errors import DeviceBusyError, TtsError
from tts_daemon.inputs.mqtt import probe as mqtt_probe
from tts_daemon.runtime.engine import GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.settings import places
from tts_daemon.settings.schema import Settings
from tts_daemon.sound.devices.alsa import AlsaDevice, device_names
from tts_daemon.voices.store import VoiceStore


def probe_voice(settings: Settings) -> str:
    """Verify the default voice's files. Raises VoiceError."""
    directories = places.voice_directories(settings.voice.models)
    package = VoiceStore(directories, settings.voice.default).verify()
    size_mb = sum(path.stat().st_size for path in package.directory.iterdir()) / 1e6
    return f"{package.manifest.name}, {size_mb:.1f} MB, every checksum right"


def probe_engine(settings: Settings) -> str:
    """Load the default voice's vocoder. Raises VoiceError."""
    directories = places.voice_directories(settings.voice.models)
    package = VoiceStore(directories, settings.voice.default).find()
    engines = Engines(settings.synthesis.engine)
    engines.load(package.path("vocoder"), GraphOptions())
    message = f"{engines.vocoder} plays the vocoder"
    return f"{message} (slower: {engines.refusal})" if engines.refusal else message


def probe_sound(settings: Settings) -> str:
    """Open the device and give it back. Raises AudioUnavailableError."""
    name = settings.audio.device
    if name.startswith("pipe:"):
        return f"audio.device is {name}: whoever reads it plays it"
    if name.startswith(("null", "wav")):
        return f"audio.device is {name}: nothing is heard on a loudspeaker"
    device = AlsaDevice(name)
    try:
        rate = device.open()
    except DeviceBusyError:
        if _is_speaking(settings):
            return f"{name} is in use by the daemon, which speaks"
        raise
    device.close()
    rates = ", ".join(map(str, device.rates()))
    return f"{name} opens at {rate} Hz (takes {rates}); devices: {', '.join(device_names())}"


def probe_broker(settings: Settings) -> str:
    """Shake hands with the broker. Raises BrokerError."""
    version = mqtt_probe.probe(settings.mqtt)
    return f"{settings.mqtt.host}:{settings.mqtt.port} accepts us, MQTT {version.value}"


def _is_speaking(settings: Settings) -> bool:
    """Whether a daemon answers that has the device now."""
    try:
        with SocketClient([Path(settings.socket.path)]) as client:
            return client.ask(op="status").get("state") in ("speaking", "paused")
    except TtsError:
        return False
