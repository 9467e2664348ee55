"""Finds voice packages in a list of directories."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tts_daemon.domain import voice_name
from tts_daemon.errors import UnknownVoiceError, VoiceError
from tts_daemon.voices.manifest import FILE_NAME, Manifest, verify


@dataclass(frozen=True, slots=True)
class VoicePackage:
    """An installed voice: its manifest and where its graphs lie."""

    manifest: Manifest
    directory: Path

    def path(self, graph: str) -> Path:
        """File of one graph."""
        return self.directory / self.manifest.graphs[graph].file


class VoiceStore:
    """The voices of several directories; in a tie of names the earlier directory wins.

    The directories are looked at anew by every call, so that a voice installed later is found.
    """

    def __init__(self, directories: Iterable[Path], default: str = "") -> None:
        """Take directories that may or may not exist, and the name of the default voice."""
        self._directories = tuple(directories)
        self._default = voice_name(default)

    @property
    def default(self) -> str:
        """Name of the voice that speaks when none is asked for; empty when none is installed."""
        return self._default or next(iter(self.names()), "")

    def names(self) -> tuple[str, ...]:
        """Installed voices, the default first, then by name; damaged ones too."""
        found = {path.name for path in self._packages()}
        return tuple(sorted(found, key=lambda name: (name != self._default, name)))

    def find(self, name: str = "") -> VoicePackage:
        """The voice of that name; the default without one.

        Raises:
            UnknownVoiceError: Not installed; names the nearest and the directories.
            VoiceError: Its manifest is wrong.
        """
        wanted = voice_name(name) or self.default
        for path in self._packages():
            if path.name == wanted:
                return _open(path)
        raise UnknownVoiceError(self._unknown(wanted))

    def verify(self, name: str = "") -> VoicePackage:
        """`find`, and compare every file with its checksum. Raises VoiceError."""
        package = self.find(name)
        verify(package.manifest, package.directory)
        return package

    def _packages(self) -> Iterator[Path]:
        for directory in self._directories:
            if directory.is_dir():
                # A hidden directory is a package that is still being written.
                yield from sorted(path.parent for path in directory.glob(f"[!.]*/{FILE_NAME}"))

    def _unknown(self, wanted: str) -> str:
        installed = self.names()
        places = ", ".join(str(directory) for directory in self._directories) or "no directory"
        if not installed:
            return f"no voice is installed in {places}; `tts-voices download` brings one"
        nearest = difflib.get_close_matches(wanted, installed, n=1, cutoff=0.5)
        hint = f"did you mean {nearest[0]}?" if nearest else f"installed: {', '.join(installed)}"
        return f"voice {wanted!r} is not installed in {places}; {hint}"


def _open(directory: Path) -> VoicePackage:
    manifest = Manifest.load(directory)
    if manifest.name != directory.name:
        raise VoiceError(
            f"{directory / FILE_NAME}: name is {manifest.name!r}, but the directory is"
            f" {directory.name!r}; rename one of them"
        )
    return VoicePackage(manifest, directory)
