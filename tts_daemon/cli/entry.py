"""Where every command begins, so that Ctrl-C, closed pipes and full disks end it in one line."""

from __future__ import annotations

import errno
import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn, TextIO, cast

from tts_daemon import __version__
from tts_daemon.language import language_of, translated
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


def ours(text: object) -> str:
    """What a person is told, in the language of the environment."""
    return translated(str(text), language_of(os.environ))


class Parser(ArgumentParser):
    """Arguments whose help and errors are in the language of the environment.

    It becomes so when arguments are parsed; who reads a parser, as for manual pages, reads English.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Any = None, namespace: Any = None
    ) -> tuple[Namespace, list[str]]:
        """Parse, and have all that may be shown in the right language."""
        self._translate()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with what is wrong."""
        super().error(ours(message))

    def format_usage(self) -> str:
        """The first line of the help."""
        return self._with_own_usage(super().format_usage())

    def format_help(self) -> str:
        """The help."""
        return self._with_own_usage(super().format_help())

    def _with_own_usage(self, text: str) -> str:
        return text.replace("usage:", ours("usage:"), 1)

    def _translate(self) -> None:
        self.description = self.description and ours(self.description)
        self.epilog = self.epilog and ours(self.epilog)
        for group in self._action_groups:
            group.title = group.title and ours(group.title)
        commands = [getattr(action, "_choices_actions", []) for action in self._actions]
        for action in [*self._actions, *(command for group in commands for command in group)]:
            if action.help and action.help != SUPPRESS:
                action.help = ours(action.help)


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
        print(
            f"tts-{module}: {ours('standard output')}: {error.strerror or error}", file=sys.stderr
        )
        return 1
    return status


def _drop_output() -> None:
    """Let the interpreter's last flush go nowhere, instead of failing once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
