"""Where every command begins, so that Ctrl-C, closed pipes and full disks end it in one line."""

from __future__ import annotations

import errno
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from importlib import import_module
from typing import TextIO, cast

from tts_daemon import __version__
from tts_daemon.printable import PrintableStream

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended, as shells count it."""
_OUTPUT_FAILED = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
BROKEN_PIPE = 141
"""Exit status of a command whose reader went away, as shells count it."""


def daemon() -> int:
    """`tts-daemon`."""
    return _run("daemon")


def say() -> int:
    """`tts-say`."""
    return _run("say")


def frontend() -> int:
    """`tts-frontend`."""
    return _run("frontend")


def voices() -> int:
    """`tts-voices`."""
    return _run("voices")


def quantize() -> int:
    """`tts-quantize`."""
    return _run("quantize")


def bench() -> int:
    """`tts-bench`."""
    return _run("bench")


def doctor() -> int:
    """`tts-doctor`."""
    return _run("doctor")


def add_version(parser: ArgumentParser) -> None:
    """Give a command its `--version`."""
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")


def _run(module: str) -> int:
    if sys.stdout is not None and sys.stderr is not None:
        # Titles of voices, ids and texts of others are shown: none of them moves our cursor.
        sys.stdout = cast("TextIO", PrintableStream(sys.stdout))
        sys.stderr = cast("TextIO", PrintableStream(sys.stderr))
    try:
        # Ctrl-C may come while the module is being imported.
        main: Callable[[], int] = import_module(f"tts_daemon.cli.{module}").main
        status = main()
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED or error.filename is not None:
            raise
        _drop_output()
        print(f"tts-{module}: standard output: {error.strerror or error}", file=sys.stderr)
        return 1
    return status


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere, instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
