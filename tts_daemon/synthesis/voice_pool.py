"""Voices in memory: loaded when they are first asked for, the least recently used one dropped."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from tts_daemon.runtime import heap
from tts_daemon.runtime.engine import Engine, GraphOptions
from tts_daemon.synthesis.voice import Voice
from tts_daemon.voices.manifest import GRAPHS, Manifest
from tts_daemon.voices.store import VoiceStore

_LOOPS = ("duration", "postnet_fsmn", "postnet_lstm")
"""Graphs that do too little in one call for a second thread to help."""


class VoicePool:
    """Gives out loaded voices. Safe to call from any thread."""

    def __init__(self, store: VoiceStore, engine: Engine, threads: int = 0, keep: int = 2) -> None:
        """Take where voices are, what runs them, and how much to spend.

        Args:
            store: Installed voices.
            engine: Loads their graphs.
            threads: For the large graphs; 0 for one per core.
            keep: Voices that stay in memory.
        """
        self._store = store
        self._engine = engine
        self._threads = threads or os.cpu_count() or 1
        self._keep = keep
        self._loaded: OrderedDict[str, Voice] = OrderedDict()
        self._lock = threading.Lock()

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
            while len(self._loaded) > self._keep:
                self._loaded.popitem(last=False)
            return voice

    def _load(self, name: str) -> Voice:
        package = self._store.find(name)
        options = graph_options(package.manifest, self._threads)
        graphs = {graph: self._engine.load(package.path(graph), options[graph]) for graph in GRAPHS}
        voice = Voice(package.manifest, graphs)
        voice.warm_up()
        heap.give_back()
        return voice


def graph_options(manifest: Manifest, threads: int) -> dict[str, GraphOptions]:
    """Threads for every graph: one for those that are called in a loop, `threads` for the rest."""
    loops = {*_LOOPS, "decoder"} if manifest.autoregressive else set(_LOOPS)
    return {graph: GraphOptions(threads=1 if graph in loops else threads) for graph in GRAPHS}
