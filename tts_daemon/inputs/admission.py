"""Who gives way where all places of a door are taken, and what is kept free for commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

COMMAND_PLACES = 8
"""Connections beyond a door's limit. They may command and ask for the state, and nothing else: a
stop comes through however many wait for their sound."""
GIVES_WAY_AFTER_S = 1.0
"""So long a connection may wait for what its client will send before it gives way to a new one."""

Client = TypeVar("Client")


def longest_idle(
    clients: Iterable[Client], idle_since_s: Callable[[Client], float | None]
) -> Client | None:
    """The client that gives way; None where each is busy, or has only just come.

    Args:
        clients: All who have a place.
        idle_since_s: Since when one is waited for, on the monotonic clock; None while it is busy.
    """
    latest_s = time.monotonic() - GIVES_WAY_AFTER_S
    idle = [
        (since_s, number, client)
        for number, client in enumerate(clients)
        if (since_s := idle_since_s(client)) is not None and since_s <= latest_s
    ]
    return min(idle)[2] if idle else None
