"""`tts-doctor`: what is wrong on this machine, and the command that mends it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from tts_daemon.cli import box, entry
from tts_daemon.service.doctor import Probes, examine
from tts_daemon.service.findings import Finding, Severity
from tts_daemon.service.probes import probe_broker, probe_engine, probe_sound, probe_voice

_MARKS = {Severity.FINE: "ok", Severity.NOTICE: "--", Severity.PROBLEM: "!!"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; 1 if one of them is a problem."""
    options = make_parser().parse_args(arguments)
    probes = Probes(probe_voice, probe_engine, probe_sound, probe_broker)
    worst = 0
    for finding in examine(options.config, probes):
        shown = _in_our_language(finding)
        print(json.dumps(asdict(shown), ensure_ascii=False) if options.json else _line(shown))
        worst = max(worst, int(finding.severity is Severity.PROBLEM))
    return worst


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(prog="tts-doctor", description=__doc__)
    parser.add_argument("--config", type=Path, help="configuration file (default: the system's)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    entry.add_version(parser)
    return parser


def _in_our_language(finding: Finding) -> Finding:
    """The name of the check stays: programs know it by that."""
    message, remedy = entry.ours(finding.message), entry.ours(finding.remedy)
    return replace(finding, message=message, remedy=remedy)


def _line(finding: Finding) -> str:
    line = (
        f"{_MARKS[finding.severity]}  {box.padded(entry.ours(finding.check), 12)} {finding.message}"
    )
    return f"{line}\n{'':16}-> {finding.remedy}" if finding.remedy else line


if __name__ == "__main__":
    sys.exit(main())
