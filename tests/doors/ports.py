"""Ports that nobody uses."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A TCP port of this machine that is free at this moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number
