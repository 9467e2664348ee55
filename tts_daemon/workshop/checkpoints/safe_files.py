"""Reading what comes from outside: nothing here runs, follows or unpacks more than it must.

A model directory is downloaded. Its paths may point elsewhere, its YAML may expand without end, its
checkpoints are pickles. Every refusal names the file and what to do.
"""

from __future__ import annotations

import collections
import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from tts_daemon.errors import CheckpointError

YAML_BYTES = 1 << 20
YAML_NODES = 50_000
ARRAY_BYTES = 1 << 20
CHECKPOINT_BYTES = 4 << 30
ZIP_BYTES = 8 << 30
ZIP_ENTRIES = 10_000

AGAIN = "download the model again"


def inside(root: Path, relative: str | Path) -> Path:
    """A path below `root`, links resolved.

    Raises:
        CheckpointError: It leads out of the directory.
    """
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise CheckpointError(f"{root / relative}: leads out of the model directory; refused")
    return path


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole file.

    Raises:
        CheckpointError: It is missing, unreadable or longer than `limit`.
    """
    try:
        if path.stat().st_size > limit:
            raise CheckpointError(f"{path}: longer than {limit} bytes; this is no such file")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}; {AGAIN}") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML (or JSON) file.

    Raises:
        CheckpointError: Not YAML, no mapping, too long, or too large once aliases are expanded.
    """
    try:
        text = read_bytes(path, YAML_BYTES).decode("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            _refuse_expansion(path, node)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        first = (str(error).splitlines() or ["nested too deeply"])[0]
        raise CheckpointError(f"{path}: cannot be read: {first}; {AGAIN}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: no mapping of keys; {AGAIN}")
    return content


def _refuse_expansion(path: Path, root: yaml.Node) -> None:
    """Walk the document as if every alias were written out; a bomb never ends."""
    waiting: list[yaml.Node] = [root]
    seen = 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > YAML_NODES:
            raise CheckpointError(f"{path}: more than {YAML_NODES} values once expanded; refused")
        if isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)


def read_array(path: Path, size: int, key: str) -> NDArray[np.float32]:
    """A vector of `size` numbers from a .npy file, whatever its shape.

    Raises:
        CheckpointError: Missing, no array, a wrong count, or not finite.
    """
    content = read_bytes(path, ARRAY_BYTES)
    try:
        values = np.load(io.BytesIO(content), allow_pickle=False)
        flat = np.asarray(values, dtype=np.float32).reshape(-1)
    except (ValueError, TypeError, EOFError, OSError) as error:
        raise CheckpointError(f"{path}: no array of numbers ({error}); {AGAIN}") from error
    if flat.size != size:
        raise CheckpointError(f"{path}: {flat.size} values, but {key} asks for {size}")
    if not np.isfinite(flat).all():
        raise CheckpointError(f"{path}: holds values that are not finite; {AGAIN}")
    return flat


def read_weights(path: Path, *keys: str) -> dict[str, torch.Tensor]:
    """The tensors under `keys` of a torch checkpoint.

    Raises:
        CheckpointError: Missing, truncated, holding anything but data, or without the keys.
    """
    try:
        if path.stat().st_size > CHECKPOINT_BYTES:
            raise CheckpointError(f"{path}: longer than {CHECKPOINT_BYTES} bytes; refused")
        with torch.serialization.safe_globals(_harmless_globals()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror or error}; {AGAIN}") from error
    except CheckpointError:
        raise
    except Exception as error:  # what an unpickler raises on arbitrary bytes is not documented
        raise CheckpointError(f"{path}: {_why_not(error)}") from error
    return _tensors(path, content, keys)


def _harmless_globals() -> list[Any]:
    """What optimiser and schedule states of the published checkpoints are made of."""
    numpy_scalar = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]
    known: list[Any] = [collections.Counter, collections.defaultdict, dict, np.dtype, *kinds]
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        return [*known, numpy_scalar]
    # numpy 2 has moved it; checkpoints name either place.
    places = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    return [*known, *((numpy_scalar, place) for place in places)]


def _why_not(error: Exception) -> str:
    if any(sign in str(error) for sign in ("Unsupported global", "Unsupported class", "GLOBAL")):
        return "holds something other than weights, which might run code; refused"
    return f"damaged or truncated ({type(error).__name__}); {AGAIN}"


def _tensors(path: Path, content: Any, keys: tuple[str, ...]) -> dict[str, torch.Tensor]:
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            raise CheckpointError(f"{path}: no key {key!r}; this is not such a checkpoint")
        content = content[key]
    where = ".".join(keys)
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: {where} is no table of weights")
    for name, value in content.items():
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            raise CheckpointError(f"{path}: {where}.{name} is no tensor of numbers; {AGAIN}")
        if not torch.isfinite(value).all():
            raise CheckpointError(f"{path}: {where}.{name} holds values that are not finite")
    return {str(name): value.float() for name, value in content.items()}


def unzip(archive: Path, target: Path) -> None:
    """Unpack a voices.zip.

    Raises:
        CheckpointError: Damaged, too large, or with entries that leave the directory.
    """
    try:
        with zipfile.ZipFile(archive) as content:
            entries = content.infolist()
            _check_entries(archive, entries)
            for entry in entries:
                content.extract(entry, target)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"{archive}: damaged ({error}); {AGAIN}") from error
    except OSError as error:
        raise CheckpointError(f"{archive}: {error.strerror or error}") from error


def _check_entries(archive: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > ZIP_ENTRIES or sum(entry.file_size for entry in entries) > ZIP_BYTES:
        raise CheckpointError(f"{archive}: unpacks to more than a voice can be; refused")
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if path.is_absolute() or ".." in path.parts or is_link or ":" in path.parts[0]:
            raise CheckpointError(f"{archive}: {entry.filename}: leads out of it; refused")
