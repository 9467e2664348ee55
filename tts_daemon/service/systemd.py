"""What systemd and the daemon tell each other; silent where the daemon was started otherwise.

One datagram a message, as sd_notify(3) describes it. systemd-python would do no more, and where it
is missing systemd would wait for READY=1 in vain; only the journal's fields need it (`logs`).
See docs/decisions/0002-notify-without-libsystemd.md.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping

FIRST_ACTIVATED_FD = 3
FEED_EVERY_S = 1.0
IMPORTANT_S = 1.0
"""Time to wait for a manager that does not read; without an important message we never wait."""


class Systemd:
    """The service manager, by its protocol of datagrams and variables."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        """Take the variables that systemd set; None for those of the process."""
        self._variables = os.environ if variables is None else variables
        self._fed_s = -FEED_EVERY_S

    def activated_socket(self) -> socket.socket | None:
        """The listening socket that systemd opened for us; None where it opened none."""
        for_us = self._variables.get("LISTEN_PID") == str(os.getpid())
        if not for_us or self._variables.get("LISTEN_FDS", "0") == "0":
            return None
        os.set_inheritable(FIRST_ACTIVATED_FD, False)
        return socket.socket(fileno=FIRST_ACTIVATED_FD)

    def ready(self) -> None:
        """The voice is warm and the doors are open."""
        self._notify("READY=1", wait_s=IMPORTANT_S)

    def reloading(self) -> None:
        """New settings are being read; `ready` ends this."""
        now_us = time.monotonic_ns() // 1000
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={now_us}", wait_s=IMPORTANT_S)

    def stopping(self) -> None:
        """Said first, so that systemd knows that the end is meant."""
        self._notify("STOPPING=1", wait_s=IMPORTANT_S)

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._notify(f"STATUS={text}")

    def feed_watchdog(self) -> None:
        """The synthesis worker is alive. Only the worker may say so, never a timer beside it."""
        now_s = time.monotonic()
        if now_s - self._fed_s >= FEED_EVERY_S:
            self._fed_s = now_s
            self._notify("WATCHDOG=1")

    def _notify(self, message: str, wait_s: float = 0.0) -> None:
        address = self._variables.get("NOTIFY_SOCKET")
        if not address:
            return
        # A leading @ stands for the zero byte of an abstract address.
        target = "\0" + address[1:] if address.startswith("@") else address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.settimeout(wait_s)
            out.connect(target)
            out.sendall(message.encode())
