"""The manifest of a voice package: voice.json, read strictly.

The keys and their meaning: docs/voice-package.md.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from tts_daemon.errors import VoiceError
from tts_daemon.voices.fields import Fields
from tts_daemon.voices.pause_floors import PauseFloors, read_pause_floors
from tts_daemon.voices.sharpening import Sharpening, read_sharpening

FILE_NAME = "voice.json"
FORMAT = 1
_MOST_BYTES = 4 << 20
GRAPHS = (
    "encoder",
    "variance",
    "duration",
    "memory",
    "decoder",
    "postnet_fsmn",
    "postnet_lstm",
    "vocoder",
)
TABLES = ("sy", "tone", "syllable_flag", "word_segment", "emo_category", "speaker_category")


@dataclass(frozen=True, slots=True)
class F0Scale:
    """How the decoder's f0 value becomes Hz: value x `factor_hz` + `offset_hz`."""

    factor_hz: float
    offset_hz: float


@dataclass(frozen=True, slots=True)
class Source:
    """The excitation of an NSF vocoder.

    Attributes:
        harmonics: Number of sines, the fundamental included.
        amplitude: Of each sine.
        noise: Standard deviation of the noise added to each sine.
        zero_phases: Whether all sines start together, as pulses; else the overtones start apart.
    """

    harmonics: int
    amplitude: float
    noise: float
    zero_phases: bool = False


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes inside the graphs; letters as in docs/voice-package.md."""

    text: int
    condition: int
    memory: int
    decoder_layers: int
    decoder_heads: int
    head_width: int
    decoder_units: int
    duration_units: int
    postnet_layers: int
    postnet_left: int
    postnet_right: int
    postnet_units: int
    postnet_lstm_units: int

    @property
    def postnet_delay(self) -> int:
        """Frames that the postnet looks ahead."""
        return self.postnet_layers * self.postnet_right


@dataclass(frozen=True, slots=True)
class GraphFile:
    """One graph of a package."""

    file: str
    precision: Literal["fp32", "int8"]
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked voice.json; see docs/voice-package.md for every key."""

    name: str
    title: str
    language: str
    licence: str
    provenance: Any
    sample_rate: int
    hop_length: int
    n_mels: int
    frames_per_step: int
    values_per_frame: int
    autoregressive: bool
    symbols: Mapping[str, tuple[str, ...]]
    emotions: tuple[str, ...]
    break_emotion: str | None
    speaker: str | None
    untrained: tuple[str, ...]
    pitch_per_semitone: float | None
    energy_per_unit: float | None
    pace: float
    pause_floors: PauseFloors
    sharpening: Sharpening | None
    position_scales: tuple[float, ...]
    f0: F0Scale | None
    source: Source | None
    dimensions: Dimensions
    vocoder_look_ahead_frames: int
    graphs: Mapping[str, GraphFile]
    quality: Mapping[str, Any]

    @classmethod
    def load(cls, directory: Path) -> Manifest:
        """Read and check the manifest of a package.

        Raises:
            VoiceError: No package, or a key that is missing, unknown or of the wrong kind.
        """
        path = directory / FILE_NAME
        try:
            values = json.loads(_text_of(path))
        except FileNotFoundError as error:
            raise VoiceError(f"{path}: missing, so this is no voice package") from error
        except (OSError, ValueError, RecursionError) as error:
            raise VoiceError(f"{path}: cannot be read ({error}); download it again") from error
        return cls.parse(values, path)

    @classmethod
    def parse(cls, values: Any, path: Path) -> Manifest:
        """Check the content of a voice.json; `path` stands in messages. Raises VoiceError."""
        keys = Fields(values, str(path))
        version = keys.integer("format")
        if version != FORMAT:
            raise keys.error("format", f"is {version}, this version plays {FORMAT}: convert again")
        manifest = cls(
            name=keys.text("name"),
            title=keys.text("title"),
            language=keys.text("language"),
            licence=keys.text("licence"),
            provenance=keys.anything("provenance"),
            sample_rate=keys.integer("sample_rate", minimum=1, maximum=192_000),
            hop_length=keys.integer("hop_length", minimum=1),
            n_mels=keys.integer("n_mels", minimum=1, maximum=1024),
            frames_per_step=keys.integer("frames_per_step", minimum=1, maximum=64),
            values_per_frame=keys.integer("values_per_frame", minimum=1),
            autoregressive=keys.flag("autoregressive"),
            symbols=_symbols(keys.section("symbols")),
            emotions=keys.names("emotions"),
            break_emotion=keys.text("break_emotion") if keys.has("break_emotion") else None,
            speaker=keys.text("speaker") if keys.has("speaker") else None,
            untrained=keys.names("untrained"),
            pitch_per_semitone=_optional_number(keys, "pitch_per_semitone"),
            energy_per_unit=_optional_number(keys, "energy_per_unit"),
            pace=_pace(keys),
            pause_floors=_pause_floors(keys),
            sharpening=_sharpening(keys),
            position_scales=_position_scales(keys),
            f0=_f0_scale(keys.section("f0")) if keys.has("f0") else None,
            source=_source(keys.section("source")) if keys.has("source") else None,
            dimensions=_dimensions(keys.section("dimensions")),
            vocoder_look_ahead_frames=keys.integer("vocoder_look_ahead_frames", minimum=0),
            graphs=_graphs(keys.section("graphs")),
            quality=keys.anything("quality") if keys.has("quality") else {},
        )
        keys.finish()
        _check_consistency(manifest, keys)
        return manifest

    @property
    def precision(self) -> str:
        """`int8` where any graph is."""
        return "int8" if any(g.precision == "int8" for g in self.graphs.values()) else "fp32"

    def size_bytes(self) -> int:
        """Bytes of all graphs together."""
        return sum(graph.bytes for graph in self.graphs.values())


def verify(manifest: Manifest, directory: Path) -> None:
    """Compare every graph with its size and checksum in the manifest.

    Raises:
        VoiceError: A file is missing or not the one that the manifest names.
    """
    for name, graph in manifest.graphs.items():
        verify_graph(directory / graph.file, graph, name)


def verify_graph(path: Path, graph: GraphFile, name: str) -> None:
    """Compare one file; one that has not changed since is not read again. Raises VoiceError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise VoiceError(f"{path}: is no ordinary file; download the voice again")
        digest = _sha256(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise VoiceError(f"{path}: cannot be read ({error}); download it again") from error
    if digest != graph.sha256:
        raise VoiceError(
            f"{path}: not the {name} graph that {FILE_NAME} names (sha256 differs);"
            " download or convert the voice again"
        )


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _text_of(path: Path) -> str:
    """A manifest's text. Raises OSError; ValueError where it is no ordinary file, or too long."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no ordinary file")
    if status.st_size > _MOST_BYTES:
        raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
    return path.read_text(encoding="utf-8")


def _most(dimension: str) -> int:
    """Largest size inside the graphs: what is fed to them is allocated by it."""
    if dimension.endswith(("layers", "heads")):
        return 64
    return 256 if dimension.endswith(("left", "right")) else 8192


def _optional_number(keys: Fields, key: str) -> float | None:
    return keys.number(key) if keys.has(key) else None


def _pace(keys: Fields) -> float:
    if not keys.has("pace"):
        return 1.0
    return keys.number("pace", 0.5, 2.0)


def _pause_floors(keys: Fields) -> PauseFloors:
    if not keys.has("pause_floors_s"):
        return PauseFloors()
    return read_pause_floors(keys.section("pause_floors_s"))


def _sharpening(keys: Fields) -> Sharpening | None:
    return read_sharpening(keys.section("sharpening")) if keys.has("sharpening") else None


def _symbols(keys: Fields) -> dict[str, tuple[str, ...]]:
    tables = {table: keys.names(table) for table in TABLES}
    keys.finish()
    return tables


def _position_scales(keys: Fields) -> tuple[float, ...]:
    """As stored, or the published formula."""
    width = keys.section("dimensions").integer("text", minimum=1)
    if not keys.has("position_scales"):
        return tuple(10000.0 ** (2 * (column // 2) / width) for column in range(width))
    scales = keys.numbers("position_scales")
    if len(scales) != width or not all(scales):
        raise keys.error("position_scales", f"must be {width} numbers, none of them 0")
    return scales


def _f0_scale(keys: Fields) -> F0Scale:
    normalization = keys.text("normalization")
    if normalization == "global":
        minimum, maximum = keys.number("minimum"), keys.number("maximum")
        scale = F0Scale(factor_hz=maximum - minimum, offset_hz=minimum)
    elif normalization == "mean_std":
        scale = F0Scale(factor_hz=keys.number("std"), offset_hz=keys.number("mean"))
    else:
        raise keys.error("normalization", f"is {normalization!r}, must be global or mean_std")
    keys.finish()
    return scale


def _source(keys: Fields) -> Source:
    source = Source(
        harmonics=keys.integer("harmonics", minimum=1, maximum=256),
        amplitude=keys.number("amplitude"),
        noise=keys.number("noise"),
        zero_phases=keys.has("zero_phases") and keys.flag("zero_phases"),
    )
    keys.finish()
    return source


def _dimensions(keys: Fields) -> Dimensions:
    sizes = {
        item.name: keys.integer(item.name, minimum=0, maximum=_most(item.name))
        for item in fields(Dimensions)
    }
    keys.finish()
    return Dimensions(**sizes)


def _graphs(keys: Fields) -> dict[str, GraphFile]:
    graphs = {name: _graph_file(keys.section(name)) for name in GRAPHS}
    keys.finish()
    return graphs


def _graph_file(keys: Fields) -> GraphFile:
    file, precision = keys.text("file"), keys.text("precision")
    if not file or Path(file).name != file:
        raise keys.error("file", f"is {file!r}, must be a plain file name inside the package")
    if precision not in ("fp32", "int8"):
        raise keys.error("precision", f"is {precision!r}, must be fp32 or int8")
    graph = GraphFile(
        file=file,
        precision="fp32" if precision == "fp32" else "int8",
        sha256=keys.text("sha256"),
        bytes=keys.integer("bytes", minimum=1, maximum=1 << 32),
    )
    keys.finish()
    return graph


def _check_consistency(manifest: Manifest, keys: Fields) -> None:
    """Keys that must agree with each other."""
    expected = manifest.n_mels + (2 if manifest.f0 else 0)
    if manifest.values_per_frame != expected:
        raise keys.error("values_per_frame", f"must be {expected} (n_mels, + 2 with f0)")
    if manifest.source and not manifest.f0:
        raise keys.error("source", "needs f0: convert again")
    known = manifest.symbols["emo_category"]
    if not manifest.emotions:
        raise keys.error("emotions", "must name at least one emotion")
    for emotion in [*manifest.emotions, *filter(None, [manifest.break_emotion])]:
        if f"emotion_{emotion}" not in known:
            raise keys.error("emotions", f"names {emotion!r}, which symbols.emo_category lacks")
    if manifest.speaker and manifest.speaker not in manifest.symbols["speaker_category"]:
        raise keys.error("speaker", f"{manifest.speaker!r} is not in symbols.speaker_category")
