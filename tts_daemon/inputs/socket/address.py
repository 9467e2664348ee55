"""The path of the Unix socket: taken by one daemon at a time, given back at the end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import logging
import os
import socket
import stat
from pathlib import Path

from tts_daemon.errors import SettingsError

log = logging.getLogger(__name__)

MODE = 0o660
BACKLOG = 128
"""Clients that may wait to be let in, for example while the voice is loaded."""
MAX_PATH_BYTES = 107
"""What the kernel's address structure holds, without the closing zero."""


class SocketAddress:
    """A lock beside the path says who serves it; only the holder may remove a stale socket."""

    def __init__(self, path: str, group: str) -> None:
        """Take the path as configured, and the group that may use it."""
        self._path = Path(path)
        self._group = group
        self._lock: int | None = None
        self._inode: int | None = None

    def listen(self) -> socket.socket:
        """Bind and listen, mode 0660. Raises SettingsError; names the path and what to do."""
        if len(os.fsencode(self._path)) > MAX_PATH_BYTES:
            raise SettingsError(f"socket.path: {self._path} is longer than {MAX_PATH_BYTES} bytes")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._remove_stale()
            return self._bind()
        except OSError as error:
            self.release()
            raise SettingsError(f"socket.path: {self._path} cannot be served: {error}") from error
        except SettingsError:
            self.release()
            raise

    def release(self) -> None:
        """Remove the socket if it is still ours, and let go of the lock."""
        with contextlib.suppress(OSError):
            if self._inode is not None and self._path.lstat().st_ino == self._inode:
                self._path.unlink()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        # The file stays when we go: a second daemon may already wait on this very inode.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._lock = os.open(f"{self._path}.lock", flags, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock, 20).decode(errors="replace").strip() or "unknown"
            raise SettingsError(
                f"socket.path: {self._path} is served by another tts-daemon (process {holder}); "
                "stop it, or give this one another path"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _remove_stale(self) -> None:
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise SettingsError(
                f"socket.path: {self._path} exists and is no socket; remove it or choose another"
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            if probe.connect_ex(str(self._path)) not in (errno.ECONNREFUSED, errno.ENOENT):
                raise SettingsError(
                    f"socket.path: another program listens on {self._path}; "
                    "stop it, or choose another path"
                )
        self._path.unlink(missing_ok=True)

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self._path))
            self._inode = self._path.lstat().st_ino
            # Nobody can connect before listen, so there is no moment with a wrong mode.
            self._path.chmod(MODE)
            self._give_to_group()
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def _give_to_group(self) -> None:
        try:
            os.chown(self._path, -1, grp.getgrnam(self._group).gr_gid)
        except KeyError:
            log.info("socket.group: there is no group %s; only this user may connect", self._group)
        except PermissionError:
            log.warning("socket.group: no right to give the socket to group %s", self._group)
