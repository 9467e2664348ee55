"""Voices in memory: loaded when they are first asked for, the least recently used one dropped."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tts_daemon.errors import VoiceError
from tts_daemon.runtime import heap
from tts_daemon.runtime.engine import Engine, GraphOptions
from tts_daemon.runtime.engines import Engines
from tts_daemon.runtime.machine import Machine, available_cores
from tts_daemon.settings.schema import VoiceSettings
from tts_daemon.synthesis.profile import Choice, Profile
from tts_daemon.synthesis.voice import Voice
from tts_daemon.voices.manifest import GRAPHS, GraphFile, Manifest
from tts_daemon.voices.store import VoicePackage, VoiceStore

_SMALL = ("postnet_fsmn", "postnet_lstm")
"""Graphs that do too little in one call for a second thread to help; steps do less still."""
log = logging.getLogger(__name__)


class VoicePool:
    """Gives out loaded voices. Safe to call from any thread."""

    def __init__(
        self,
        store: VoiceStore,
        engine: Engine,
        threads: int = 0,
        memory_mb: float = VoiceSettings().memory_mb,
        profile: Profile | None = None,
        check: Callable[[Path, GraphFile, str], None] = lambda path, graph, name: None,
    ) -> None:
        """Take where voices are, what runs them, and how much to spend.

        Args:
            store: Installed voices.
            engine: Loads their graphs.
            threads: For the large graphs; 0: as tuned, or else one per core.
            memory_mb: What all loaded voices may take, by estimate; one is there in any case.
            profile: What was found to be fastest; None: nothing was tuned.
            check: Raises VoiceError where a file is not the graph that the manifest names.
        """
        self._store = store
        self._engine = engine
        self._threads = threads
        self._profile = profile or Profile(Machine.here())
        self._memory_mb = memory_mb
        self._check = check
        self._loaded: OrderedDict[str, Voice] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def engine(self) -> str:
        """What plays the vocoder that was loaded last; empty where only one engine is known."""
        return self._engine.vocoder if isinstance(self._engine, Engines) else ""

    def is_default(self, name: str) -> bool:
        """Whether that is the voice of those who ask for none."""
        return name in ("", self._store.default)

    def emotions(self, name: str = "") -> tuple[str, ...]:
        """What a voice was trained for, without loading it. Raises as `get` does."""
        loaded = self._loaded.get(name or self._store.default)
        return (loaded.manifest if loaded else self._store.find(name).manifest).emotions

    def get(self, name: str = "") -> Voice:
        """The voice of that name, or the default one.

        Raises:
            UnknownVoiceError: Not installed.
            VoiceError: Damaged, or made for another version.
        """
        with self._lock:
            name = name or self._store.default
            voice = self._loaded.get(name) or self._load(name)
            self._loaded[name] = voice
            self._loaded.move_to_end(name)
            self._make_room()
            return voice

    def _make_room(self) -> None:
        """Drop the voices that were not used for longest; who still speaks keeps its own."""
        while len(self._loaded) > 1 and self._taken_mb() > self._memory_mb:
            name, _ = self._loaded.popitem(last=False)
            log.info("voice %s dropped: all would take more than %g MB", name, self._memory_mb)

    def _taken_mb(self) -> float:
        return sum(estimated_mb(voice.manifest) for voice in self._loaded.values())

    def _load(self, name: str) -> Voice:
        package = self._store.find(name)
        manifest = package.manifest
        options = graph_options(manifest, self._threads or available_cores())
        files = {graph: package.path(graph) for graph in GRAPHS}
        for graph, (path, file, choice) in self._tuned(package).items():
            files[graph] = path
            manifest = replace(manifest, graphs={**manifest.graphs, graph: file})
            if not self._threads:
                options[graph] = replace(
                    options[graph], threads=choice.threads, engine=choice.engine
                )
        for graph, path in files.items():
            self._check(path, manifest.graphs[graph], graph)
        graphs = {graph: self._engine.load(files[graph], options[graph]) for graph in GRAPHS}
        voice = Voice(manifest, graphs)
        voice.warm_up()
        heap.give_back()
        return voice

    def _tuned(self, package: VoicePackage) -> dict[str, tuple[Path, GraphFile, Choice]]:
        """The graphs of the profile, all of them or none."""
        tuned = {}
        for graph, choice in self._profile.choices(package.manifest.name).items():
            try:
                source = self._store.find(choice.voice)
            except VoiceError:
                source = None
            file = source.manifest.graphs[graph] if source else None
            if source is None or file is None or file.sha256 != choice.sha256:
                log.warning(
                    "voice %s: %s has changed since it was tuned; `tts-bench --tune` again",
                    package.manifest.name,
                    choice.voice,
                )
                return {}
            tuned[graph] = (source.path(graph), file, choice)
        return tuned


def estimated_mb(manifest: Manifest) -> float:
    """Memory that a voice takes.

    Measured on x86-64 with onnxruntime 1.32: 22 MB for 7.4 MB of graphs, 46 for 20.4, 94 for 71.9.
    """
    return 15.0 + 1.5 * manifest.size_bytes() / 1e6


def graph_options(manifest: Manifest, threads: int) -> dict[str, GraphOptions]:
    """Threads for every graph: one for those that are called in a loop, `threads` for the rest.

    A graph that makes one step a call has the shapes of a step, and those of few windows.
    """
    steps = {"duration", "decoder"} if manifest.autoregressive else {"duration"}
    loops = {*_SMALL, *steps}
    return {
        graph: GraphOptions(threads=1 if graph in loops else threads, few_shapes=graph in steps)
        for graph in GRAPHS
    }
