"""Models from ModelScope's hub: the one place that calls its client."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import importlib
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_daemon.errors import CheckpointError
from tts_daemon.extras import importing
from tts_daemon.printable import shortened
from tts_daemon.workshop.checkpoints import languages, safe_files
from tts_daemon.workshop.checkpoints.layouts import BASE

WANTED = ("configuration.json", "voices.zip", "voices/voices.json")
"""What is downloaded of every model; `resource.zip`, data of the closed front end, is not."""
OF_VOICE = "voices/{voice}/*"
OF_BASE = tuple(f"{BASE}/{part}" for part in ("sambert/*", "hifigan/*", "*.yaml", "*.npy"))
CONFIGS = "*config.yaml"
MANDARIN = "PinYin"
RESERVE = 1.5
"""Free space that is asked for, relative to what is left to download: unpacking needs some, too."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a model on the hub.

    Attributes:
        path: Inside the model.
        size: In bytes.
    """

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A model on this machine.

    Attributes:
        root: Its directory.
        checksums: Path inside the model -> sha256 of what lies there.
    """

    root: Path
    checksums: dict[str, str]


def download(
    model: str,
    cache: Path,
    *,
    revision: str | None = None,
    voices: Sequence[str] = (),
    endpoint: str | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> Downloaded:
    """Download what is missing of a model; what is already there is not downloaded again.

    Args:
        model: Its id, for example `damo/speech_sambert-hifigan_tts_zh-cn_16k`.
        cache: Directory to download into; an interrupted download is continued there.
        revision: Tag or branch; None for the hub's default.
        voices: Names of voices; empty for all of them.
        endpoint: URL of another hub; None for ModelScope's.
        report: Told what is being done.

    Raises:
        CheckpointError: The hub cannot be reached, does not know the model or the voice, the disk
            is too full, or a file is not what the hub says it is.
        MissingExtraError: modelscope is not installed.
    """
    hub = _Hub(model, revision, endpoint)
    listed = hub.files()
    _refuse_foreign(model, [model, *(item.path for item in listed)])
    files = choose(listed, voices, model)
    missing = sum(f.size for f in files if not _is_there(hub.place(cache) / f.path, f))
    report(f"{len(files)} files, {missing / 1e6:.0f} MB to download")
    _check_space(cache, missing)
    configs = [item.path for item in files if fnmatch.fnmatch(item.path, CONFIGS)]
    if configs:
        # A few kilobytes that say what the weights, hundreds of megabytes, are for.
        _check_languages(model, hub.fetch(cache, configs), configs)
    root = hub.fetch(cache, [item.path for item in files])
    return Downloaded(root, {item.path: _checksum(root, item) for item in files})


def _refuse_foreign(model: str, names: Sequence[str]) -> None:
    language = languages.foreign(names)
    if language is not None:
        raise CheckpointError(f"{model}: {languages.refusal(language)}")


def _check_languages(model: str, root: Path, configs: Sequence[str]) -> None:
    for path in configs:
        unit = safe_files.read_yaml(root / path).get("linguistic_unit")
        language = unit.get("language", MANDARIN) if isinstance(unit, dict) else MANDARIN
        if language != MANDARIN:
            raise CheckpointError(f"{model}: {languages.refusal(str(language))}")


class _Hub:
    """One model on the hub, by way of its client."""

    def __init__(self, model: str, revision: str | None, endpoint: str | None) -> None:
        self._model = model
        self._options: dict[str, Any] = {"revision": revision} if revision else {}
        # Older clients know no other hub than their own.
        self._endpoint = {"endpoint": endpoint} if endpoint else {}

    def files(self) -> list[HubFile]:
        """Every file of the model."""
        api = _client("modelscope.hub.api", "HubApi")
        listed = self._ask(
            lambda: api(**self._endpoint).get_model_files(
                self._model, recursive=True, **self._options
            )
        )
        sizes = {str(item["Path"]): int(item.get("Size") or 0) for item in listed}
        # Directories are listed like files.
        directories = {parent for path in sizes for parent in map(str, Path(path).parents)}
        return [HubFile(path, size) for path, size in sizes.items() if path not in directories]

    def place(self, cache: Path) -> Path:
        """Where the client puts the model."""
        return cache / self._model

    def fetch(self, cache: Path, paths: list[str]) -> Path:
        """Download some files; the client continues what was interrupted, and shows progress."""
        snapshot_download = _client("modelscope.hub.snapshot_download", "snapshot_download")
        self._ask(
            lambda: snapshot_download(
                self._model,
                local_dir=str(self.place(cache)),
                allow_file_pattern=paths,
                **self._options,
                **self._endpoint,
            )
        )
        return self.place(cache)

    def _ask(self, call: Callable[[], Any]) -> Any:
        # The client raises errors of its own, of requests, of urllib3 and plain ones.
        try:
            return call()
        except Exception as error:
            raise CheckpointError(
                f"{self._model}: cannot be downloaded: {_reason(error)}; check the id, the revision"
                " and the network; the same command continues where it stopped"
            ) from error


def _reason(error: Exception) -> str:
    """What the client says: its first line, and the first of the files that it names below."""
    first, *rest = str(error).splitlines() or [type(error).__name__]
    files = [line.strip() for line in rest if line.startswith("  - ")]
    return " ".join(shortened(part, 200) for part in (first, *files[:1]))


def _client(module: str, name: str) -> Any:
    """A part of modelscope's client. Raises MissingExtraError."""
    with importing("convert"):
        part = getattr(importlib.import_module(module), name)
    _stay_anonymous()
    return part


def _stay_anonymous() -> None:
    """Give every request another id.

    The client keeps one of this machine in the home directory and sends it each time; it has no
    setting against that.
    """
    with contextlib.suppress(ImportError):
        config = importlib.import_module("modelscope_hub.config")
        config.HubConfig.get_session_id = lambda _: uuid.uuid4().hex


def choose(files: Sequence[HubFile], voices: Sequence[str], model: str) -> list[HubFile]:
    """The files that a conversion of these voices (or all) needs.

    Raises:
        CheckpointError: The model has no such voice, or no voices at all.
    """
    for item in files:
        if Path(item.path).is_absolute() or ".." in Path(item.path).parts:
            raise CheckpointError(f"{model}: {item.path}: leads out of the model; refused")
    if not any(fnmatch.fnmatch(item.path, OF_VOICE.format(voice="*")) for item in files):
        base = [f for f in files if any(fnmatch.fnmatch(f.path, part) for part in OF_BASE)]
        if base:
            return [*base, *(item for item in files if item.path == WANTED[0])]
    patterns = [*WANTED, *(OF_VOICE.format(voice=voice) for voice in voices or ("*",))]
    chosen = [f for f in files if any(fnmatch.fnmatch(f.path, pattern) for pattern in patterns)]
    present = {item.path.split("/")[1] for item in chosen if item.path.count("/") > 1}
    has_archive = any(item.path == "voices.zip" for item in chosen)
    unknown = [voice for voice in voices if voice not in present]
    if unknown and not has_archive:
        known = {item.path.split("/")[1] for item in files if item.path.count("/") > 2}
        raise CheckpointError(
            f"{model}: no voice {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    if not present and not has_archive:
        raise CheckpointError(
            f"{model}: no voices/, voices.zip or basemodel_16k/; is it a Sambert model?"
        )
    return chosen


def _is_there(path: Path, wanted: HubFile) -> bool:
    return path.is_file() and path.stat().st_size == wanted.size


def _check_space(cache: Path, missing: int) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache).free
    except OSError as error:
        raise CheckpointError(f"{cache}: cannot be written: {error.strerror}") from error
    if free < missing * RESERVE:
        raise CheckpointError(
            f"{cache}: {free / 1e6:.0f} MB free, {missing * RESERVE / 1e6:.0f} MB needed;"
            " make room, or choose another place with --cache"
        )


def _checksum(root: Path, wanted: HubFile) -> str:
    """sha256 of a downloaded file, for the manifest. The client has compared it with the hub's."""
    path = root / wanted.path
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"{path}: was not downloaded: {error.strerror}") from error
