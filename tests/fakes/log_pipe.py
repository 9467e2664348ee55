"""Waits for what a program says, and keeps listening so that it is never held up."""

from __future__ import annotations

import queue
import subprocess
import threading
import time

PATIENCE_S = 120.0


class LogPipe:
    """Standard error of a process that was started with `stderr=PIPE, text=True`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, wanted: str) -> None:
        """Wait for a line that holds `wanted`; AssertionError where the program ends before."""
        heard = []
        deadline_s = time.monotonic() + PATIENCE_S
        try:
            while line := self._lines.get(timeout=max(0.0, deadline_s - time.monotonic())):
                heard.append(line)
                if wanted in line:
                    return
        except queue.Empty:
            raise AssertionError(f"{wanted!r} does not come:\n{''.join(heard)}") from None
        ended = self._process.wait(PATIENCE_S)
        raise AssertionError(f"it ended with {ended} without {wanted!r}:\n{''.join(heard)}")

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line)
        self._lines.put(None)
