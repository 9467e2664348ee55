"""What a command asks of the kernel: whom it calls, and which files it makes; seen by strace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fakes.requirements import unavailable

STRACE = shutil.which("strace")
_CALLS = "connect,bind,listen,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,mknod,mknodat"
_INTERNET = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|AF_INET6, )"([^"]+)"')
_LISTENING = re.compile(r"^listen\(\d+<TCP(?:v6)?:\[(\S+:\d+)\]")
_SYSTEM = ("/var/run/nscd/socket", "/run/uuidd/request")
"""Asked by the C library and by libuuid, on this machine: names of users, unique numbers."""
_ANY_PORT = re.compile(r"bind\(.*sin6?_port=htons\(0\)")
"""Lets the kernel choose a port: to call from, or to listen at, which is seen later."""
_LOCAL = re.compile(r'sun_path=@?"([^"]*)"')
_FILE = re.compile(
    r'(?:mkdir|mkdirat|mknod|mknodat|creat)\((?:AT_FDCWD(?:<[^>]*>)?, )?"([^"]+)"'
    r'|open(?:at)?\((?:AT_FDCWD(?:<[^>]*>)?, |\d+<[^>]*>, )?"([^"]+)", [^)]*O_CREAT'
)


def needs_strace() -> None:
    """Skip where it is missing; a failure where nothing may be skipped."""
    if STRACE is None:
        unavailable("strace is missing: apt-get install strace")


class Trace:
    """The record of one command and all its children.

    Attributes:
        wrapper: What to begin a command line with, so that it is recorded.
        variables: An environment that hides from libraries that this is a test.
        home: An empty home directory.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / "strace"
        self.home = directory / "home"
        self.home.mkdir()
        self.wrapper = (
            str(STRACE), "--follow-forks", "--seccomp-bpf", "--quiet=all", "--decode-fds=all",
            f"--trace={_CALLS}", f"--output={self._file}",
        )  # fmt: skip
        kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "OMP_NUM_THREADS")
        self.variables = {name: os.environ[name] for name in kept if name in os.environ}
        # Compiled modules are written beside their sources where a checkout is run.
        self.variables |= {"HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one of our commands to its end."""
        return subprocess.run(
            [*self.wrapper, sys.executable, "-m", module, *map(str, arguments)],
            env=self.variables,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )

    def end_child(self, tracer: int) -> None:
        """Ask what the wrapper runs to end: the wrapper itself does not hear of signals."""
        child = Path(f"/proc/{tracer}/task/{tracer}/children").read_text(encoding="ascii")
        os.kill(int(child), signal.SIGTERM)

    def addresses(self) -> set[str]:
        """Everyone who was called or listened for: `address:port`, or the path of a socket."""
        found = set()
        for call in self._calls():
            if _ANY_PORT.match(call):
                continue
            if listening := _LISTENING.search(call):
                found.add(listening[1])
            elif internet := _INTERNET.search(call):
                found.add(f"{internet[2]}:{internet[1]}")
            elif "sa_family=AF_UNIX" in call and (local := _LOCAL.search(call)):
                found.add(local[1])
            elif "sa_family=" in call and "AF_UNSPEC" not in call and "AF_UNIX" not in call:
                found.add(call)
        return found - {*_SYSTEM}

    def files(self) -> set[str]:
        """Every file and directory that was made, or would have been."""
        made = (match for call in self._calls() if (match := _FILE.search(call)))
        return {match[1] or match[2] for match in made}

    def _calls(self) -> Iterator[str]:
        with self._file.open(encoding="utf-8", errors="replace") as lines:
            # Short process numbers are padded.
            yield from (line.partition(" ")[2].lstrip() for line in lines)
