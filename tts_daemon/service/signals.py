"""Signals are waited for by the main thread, like messages, and interrupt nobody."""

from __future__ import annotations

import signal

END = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD = frozenset({signal.SIGHUP})


def hold_back() -> None:
    """Keep signals for `wait`.

    Comes before the import of any library that makes threads: a thread that does not hold them back
    would receive them, and end the process.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, END | RELOAD)


def wait() -> bool:
    """Wait for the next signal; True: it asks for a reload, False: it asks for the end."""
    return signal.sigwait(END | RELOAD) in RELOAD


def let_through() -> None:
    """From now on, a signal ends the process at once: somebody does not want to wait any longer."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, END)
