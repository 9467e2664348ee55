"""Every key of the configuration: one frozen dataclass per section, one field per key.

`setting` gives a key its default, its meaning, its unit and its range; the loader checks by them,
and config/default.yaml is written from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tts_daemon.domain import STYLE_RANGES

DEFAULT_VOICE = "wuyin"


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a key beyond its type.

    Attributes:
        text: Meaning, one line.
        unit: Unit of a number, as a person writes it; empty for names, paths and switches.
        minimum, maximum: Range of a number, both inclusive; None for no limit.
        choices: Allowed values of a name; empty for any.
        secret: Masked wherever settings are shown.
    """

    text: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


def setting(default: Any, text: str, **about: Any) -> Any:
    """A dataclass field that carries its `About`."""
    known = About(text, **about)
    return field(default=default, repr=not known.secret, metadata={"about": known})


def style_setting(name: str, text: str) -> Any:
    """A number of a style that may be left out."""
    known = STYLE_RANGES[name]
    return setting(None, text, unit=known.unit, minimum=known.least, maximum=known.most)


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """Which voice speaks."""

    default: str = setting(DEFAULT_VOICE, "voice package that speaks when nothing else is asked")
    models: tuple[str, ...] = setting(
        ("/var/lib/tts-daemon/models", "/usr/share/tts-daemon/models"),
        "directories with voice packages, searched in order (then those that came along)",
    )
    preset: str = setting("neutral", "preset of a request that names none")
    memory_mb: float = setting(
        128.0,
        "memory for loaded voices, by estimate; those not used for longest are dropped, one stays",
        unit="MB",
        minimum=0,
        maximum=65536,
    )


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Where the speech is heard."""

    device: str = setting(
        "default",
        'name as `aplay -L` prints it, or PortAudio; "null" is silent; "wav:PATH" appends the '
        'sound to a file; "pipe:PATH" is raw PCM for a program such as Snapcast',
    )
    pipe_rate: int = setting(
        48000, "rate of pipe:PATH", unit="samples per second", minimum=8000, maximum=192000
    )
    pipe_channels: int = setting(2, "channels of pipe:PATH, all alike", minimum=1, maximum=8)
    volume: float = setting(
        100.0, "volume at start", unit="percent of full scale", minimum=0, maximum=100
    )
    lead_in_ms: float = setting(
        300.0,
        "silence before the first word after a rest: amplifiers wake up slowly",
        unit="ms",
        minimum=0,
        maximum=5000,
    )
    chimes: str = setting(
        "/etc/tts-daemon/chimes",
        "directory with WAV files that presets may name as chimes; need not exist",
    )
    release_after_s: float = setting(
        10.0, "idle time after which the device is given back", unit="s", minimum=0, maximum=86400
    )


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """The Unix socket."""

    enabled: bool = setting(True, "whether the Unix socket is served")
    path: str = setting("/run/tts-daemon/tts.sock", "path of the socket, mode 0660")
    group: str = setting("tts", "group that may use it; left alone where it does not exist")
    connections: int = setting(
        32, "clients at one time; others are refused", unit="connections", minimum=1, maximum=1000
    )
    timeout_s: float = setting(
        30.0, "time a client has for one message", unit="s", minimum=0.05, maximum=3600
    )


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Encryption of the connection to the broker."""

    enabled: bool = setting(False, "whether the connection is encrypted")
    ca_file: str = setting("", "certificates to trust; empty: those of the system")
    cert_file: str = setting("", "our own certificate; empty: none")
    key_file: str = setting("", "key of our own certificate")
    insecure: bool = setting(False, "accept a certificate of another host name (for tests)")


@dataclass(frozen=True, slots=True)
class HomeAssistantSettings:
    """What Home Assistant is told over MQTT."""

    enabled: bool = setting(True, "whether the device announces itself to Home Assistant")
    discovery_prefix: str = setting("homeassistant", "Home Assistant's discovery topic")
    name: str = setting("", "name of the device; empty: the node's")
    language: str = setting(
        "auto",
        "language of entities, states and presets there; auto: that of the daemon's own locale",
        choices=("auto", "zh", "en"),
    )


@dataclass(frozen=True, slots=True)
class HermesSettings:
    """Compatibility with Rhasspy and Snips."""

    enabled: bool = setting(False, "whether hermes/tts/say is answered")
    site_id: str = setting("default", "siteId that is ours")


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Synthesis for others: several daemons share the requests of one topic."""

    enabled: bool = setting(False, "whether this daemon takes part (needs an MQTT 5 broker)")
    group: str = setting("tts", "daemons of one group share the work")


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The MQTT door."""

    enabled: bool = setting(False, "whether a broker is used")
    host: str = setting("localhost", "broker's name or address")
    port: int = setting(1883, "broker's port", minimum=1, maximum=65535)
    username: str = setting("", "user name; empty: none")
    password: str = setting("", "password; better in password_file", secret=True)
    password_file: str = setting("", "file with the password (or systemd credential mqtt-password)")
    node: str = setting("", "name of this machine in topics; empty: its host name")
    base_topic: str = setting("tts", "first part of every topic")
    keepalive_s: int = setting(30, "time between signs of life", unit="s", minimum=5, maximum=3600)
    session_expiry_s: int = setting(
        3600,
        "time for which the broker keeps requests for a daemon that is away",
        unit="s",
        minimum=0,
        maximum=31536000,
    )
    transport: str = setting("tcp", "how the broker is spoken to", choices=("tcp", "websockets"))
    websocket_path: str = setting("/mqtt", "path at the broker, for websockets")
    tls: TlsSettings = field(default_factory=TlsSettings)
    home_assistant: HomeAssistantSettings = field(default_factory=HomeAssistantSettings)
    hermes: HermesSettings = field(default_factory=HermesSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The HTTP door."""

    enabled: bool = setting(False, "whether HTTP is served")
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(5000, "port to listen on", minimum=0, maximum=65535)
    token: str | None = setting(None, "bearer token that clients must send", secret=True)
    token_file: str = setting("", "file with the token (or systemd credential http-token)")
    names: tuple[str, ...] = setting(
        (), "further names by which clients call this machine; its own name is known"
    )
    origins: tuple[str, ...] = setting(
        (), 'origins whose web pages may use the API, such as "http://panel.lan:8080"'
    )
    proxies: tuple[str, ...] = setting(
        (),
        "addresses of proxies that have examined whoever they ask for: neither token, name nor"
        " origin is asked again, and their pages may frame ours",
    )
    show_texts: bool = setting(
        True, "whether the page shows what utterances say, whatever door they came by"
    )
    waiting: int = setting(
        32,
        "texts that may wait for synthesis; others are refused",
        unit="texts",
        minimum=0,
        maximum=1000,
    )
    connections: int = setting(
        64, "clients at one time; others are refused", unit="connections", minimum=1, maximum=1000
    )
    timeout_s: float = setting(
        30.0,
        "time a client has to send a request, or to take a piece of sound",
        unit="s",
        minimum=0.05,
        maximum=3600,
    )
    voices: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "about": About("what OpenAI's stock voices stand for, as {alloy: VOICE_OR_PRESET}")
        },
    )


@dataclass(frozen=True, slots=True)
class WyomingSettings:
    """The Wyoming door."""

    enabled: bool = setting(False, "whether Wyoming is served")
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(10200, "port to listen on", minimum=0, maximum=65535)
    connections: int = setting(
        32, "clients at one time; others are refused", unit="connections", minimum=1, maximum=1000
    )


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What waits to be spoken."""

    limit: int = setting(
        32,
        "utterances that may wait; others are refused",
        unit="utterances",
        minimum=1,
        maximum=10000,
    )
    journal: str = setting(
        "/var/lib/tts-daemon/queue.db", "file that keeps accepted requests; empty: memory only"
    )
    interrupted: str = setting(
        "again",
        "after a crash, the utterance it cut off is spoken again or dropped",
        choices=("again", "drop"),
    )


@dataclass(frozen=True, slots=True)
class PresetSettings:
    """One way of speaking; what is left out comes from `extends`, then from `Style`."""

    extends: str | None = setting(None, "preset to start from")
    voice: str | None = setting(None, "voice package")
    emotion: str | None = setting(None, "emotion of the voice")
    intensity: float | None = style_setting("intensity", "distance from neutral to the emotion")
    speed: float | None = style_setting("speed", "speaking rate")
    pitch: float | None = style_setting("pitch", "shift of the voice")
    energy: float | None = style_setting("energy", "vocal effort")
    volume: float | None = style_setting("volume", "loudness")
    pause: float | None = style_setting("pause", "length of pauses at punctuation")
    chime: str | None = setting(None, "sound before the speech")


@dataclass(frozen=True, slots=True)
class QuietHoursSettings:
    """Hours in which only important speech is as loud as ever."""

    start: str = setting("", 'when they begin, such as "22:00", in quotes; empty: there are none')
    end: str = setting("07:00", 'when they end, such as "07:00", in quotes')
    volume: float = setting(
        30.0,
        "loudness of priorities below important; 0: they are not spoken",
        unit="percent of their own",
        minimum=0,
        maximum=100,
    )


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How text is read."""

    max_characters: int = setting(
        10000, "longest text of one request", unit="characters", minimum=1, maximum=100000
    )
    stream_timeout_s: float = setting(
        60.0,
        "a text that comes in pieces is whole when nothing more came for so long",
        unit="s",
        minimum=0.1,
        maximum=3600,
    )
    lexicon: str = setting(
        "/etc/tts-daemon/lexicon.yaml",
        "words and how to read them; need not exist, read again when it changes",
    )
    corrections: str = setting(
        "/var/lib/tts-daemon/lexicon.yaml",
        "words that people correct on the page, as the lexicon writes them; they win over it",
    )
    polyphones: str = setting(
        "rules",
        "what decides rare characters with several readings; g2pm needs the extra [g2p], "
        "4 ms a sentence and 25 MB",
        choices=("rules", "g2pm"),
    )
    units: str = setting(
        "home", "kg and km are 公斤 and 公里 (home) or 千克 and 千米 (si)", choices=("home", "si")
    )
    states: str = setting(
        "chinese",
        "what is said for a state that Home Assistant prints in English, such as docked",
        choices=("chinese", "english"),
    )


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """A strong machine that speaks for this one, whose own voice steps in where it is late."""

    url: str | None = setting(
        None, 'another daemon\'s HTTP door, such as "http://pc.lan:5000"; empty: none'
    )
    voice: str | None = setting(None, "one of its voices; empty: its default")
    token: str | None = setting(None, "its bearer token; better in token_file", secret=True)
    token_file: str | None = setting(
        None, "file with its token (or systemd credential remote-token)"
    )
    ca_file: str | None = setting(
        None, "certificates to trust for https; empty: those of the system"
    )
    patience_ms: float = setting(
        250.0, "wait for the first sound of a clause", unit="ms", minimum=10, maximum=60000
    )
    stall_ms: float = setting(
        1000.0, "wait for more of a clause that has begun", unit="ms", minimum=10, maximum=60000
    )
    retry_s: float = setting(
        10.0,
        "how often it is looked for in the background",
        unit="s",
        minimum=0.1,
        maximum=3600,
    )


@dataclass(frozen=True, slots=True)
class SynthesisSettings:
    """How the speech is computed."""

    engine: str = setting(
        "auto",
        "what plays vocoders and decoders: our own kernels where they are built and can (auto),"
        " ONNX Runtime (onnx), or our kernels and for vocoders nothing else (native)",
        choices=("auto", "onnx", "native"),
    )
    threads: int = setting(
        0,
        "threads of the large graphs; 0: as tts-bench --tune found, else one per core",
        unit="threads",
        minimum=0,
        maximum=64,
    )
    profile: str = setting(
        "/var/lib/tts-daemon/tuned.json", "what tts-bench --tune found; need not exist"
    )
    cache_mb: float = setting(
        8.0,
        "memory for phrases that were spoken, 15 s of speech each; 0: none",
        unit="MB",
        minimum=0,
        maximum=1024,
    )
    phrases: tuple[str, ...] = setting(
        (), "texts made ready beforehand in the default preset, so that they sound at once"
    )
    remote: RemoteSettings = field(default_factory=RemoteSettings)


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """What is written down."""

    level: str = setting(
        "info", "least urgent message that is logged", choices=("debug", "info", "warning", "error")
    )


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Figures for those who watch many machines."""

    textfile: str = setting(
        "", "file for node_exporter's textfile collector, its name ends in .prom; empty: none"
    )


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """The daemon itself."""

    greeting: str = setting("", "spoken when the daemon is ready; empty: silence")


def _presets() -> dict[str, PresetSettings]:
    return {
        "neutral": PresetSettings(emotion="neutral"),
        "happy": PresetSettings(emotion="happy", speed=1.05),
        "sad": PresetSettings(emotion="sad", speed=0.95),
        "angry": PresetSettings(emotion="angry"),
        "gentle": PresetSettings(emotion="gentle"),
        "excited": PresetSettings(emotion="excited", speed=1.05),
    }


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration."""

    voice: VoiceSettings = field(default_factory=VoiceSettings)
    audio: AudioSettings = field(default_factory=AudioSettings)
    socket: SocketSettings = field(default_factory=SocketSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    wyoming: WyomingSettings = field(default_factory=WyomingSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)
    presets: dict[str, PresetSettings] = field(default_factory=_presets)
    quiet_hours: QuietHoursSettings = field(default_factory=QuietHoursSettings)
    text: TextSettings = field(default_factory=TextSettings)
    synthesis: SynthesisSettings = field(default_factory=SynthesisSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    service: ServiceSettings = field(default_factory=ServiceSettings)
