"""tts-daemon: the service, or a look at its configuration."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tts_daemon.cli import entry
from tts_daemon.errors import MissingExtraError, SettingsError, TtsError, VoiceError
from tts_daemon.service import signals
from tts_daemon.settings import printer
from tts_daemon.settings.loader import load

BAD_SETTINGS = 78
"""Exit status for a wrong configuration (EX_CONFIG of sysexits.h): trying again does not help.

A voice or a library that is not installed is one; an address that is not there yet is none.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        return _act(options)
    except (SettingsError, VoiceError, MissingExtraError) as error:
        _complain(error)
        return BAD_SETTINGS
    except TtsError as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(
        prog="tts-daemon",
        description="Speaks the texts that come by the Unix socket, by MQTT and by other doors.",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="default: /etc/tts-daemon/config.yaml, if present",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--check-config", action="store_true", help="say what is wrong with it, and exit"
    )
    action.add_argument(
        "--print-config", action="store_true", help="every value in force, and where it came from"
    )
    action.add_argument(
        "--print-defaults", action="store_true", help="every key with meaning, unit and default"
    )
    entry.add_version(parser)
    return parser


def _act(options: argparse.Namespace) -> int:
    read = partial(load, options.config)
    if options.print_defaults:
        print(printer.defaults(), end="")
    elif options.print_config:
        print(printer.effective(read()), end="")
    elif options.check_config:
        # Looks at voices and doors, which a daemon that starts does anyway.
        from tts_daemon.service.config_check import problems

        loaded = read()
        if found := list(problems(loaded.settings)):
            raise SettingsError("\n".join(found))
        print(entry.ours(f"the configuration is right; {len(loaded.origins)} keys are set"))
    else:
        signals.hold_back()
        # Loads numpy and the inference library, which a look at the configuration does not need.
        from tts_daemon.service.daemon import Daemon

        Daemon(read, config=options.config).run()
    return 0


def _complain(error: TtsError) -> None:
    for line in str(error).splitlines():
        print(f"tts-daemon: {entry.ours(line)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
