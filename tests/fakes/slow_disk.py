"""A disk that takes its time to write through: fsync and fdatasync sleep, in one process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from fakes.requirements import unavailable

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int slow(const char *name, int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *us = getenv("SYNC_US"), *there = getenv("SYNC_SLOW_WHILE");
    if (us && there && access(there, F_OK) == 0) usleep(atoi(us));
    return real(fd);
}
int fsync(int fd) { return slow("fsync", fd); }
int fdatasync(int fd) { return slow("fdatasync", fd); }
"""


class SlowDisk:
    """Slow while `switch` exists.

    Attributes:
        variables: What a process has to be started with.
        switch: A file.
    """

    def __init__(self, directory: Path, sync_s: float) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            unavailable("cc is missing: apt-get install gcc")
        source, library = directory / "slow_disk.c", directory / "slow_disk.so"
        source.write_text(_SOURCE)
        command = [str(compiler), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self.switch = directory / "slow"
        self.variables = {
            "LD_PRELOAD": str(library),
            "SYNC_US": str(round(sync_s * 1e6)),
            "SYNC_SLOW_WHILE": str(self.switch),
        }
