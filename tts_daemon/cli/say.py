"""tts-say: speak a text through the daemon, or without one.

Imports little before it knows what to do, so that a shell script hears the first word at once.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from tts_daemon.cli import box, entry, sound_file
from tts_daemon.client import Reply, SocketClient, candidates
from tts_daemon.errors import InvalidRequestError, TtsError

EPILOG = """\
examples:
  tts-say 水开了                                 speak a text
  date +现在是%H点%M分 | tts-say                 speak what another command prints
  tts-say --emotion happy --speed 1.1 生日快乐   choose how it sounds
  tts-say --priority important --chime dingdong 有人按门铃
  tts-say --output hello.mp3 你好                write a file instead
  tts-say --stop                                 be silent

exit status:
  0  done            1  failed           2  wrong usage or a request that cannot be spoken
  3  no daemon       4  try again later: the queue is full, or the daemon is not ready
"""
STATUS = {
    "invalid_request": 2,
    "too_long": 2,
    "no_daemon": 3,
    "queue_full": 4,
    "not_ready": 4,
    "audio_unavailable": 4,
}
"""Exit status of an error's short name; others are 1."""
MOST_BYTES = 1 << 20
"""What is read of standard input: more than any daemon takes, and little enough to hold."""
_TORN = re.compile(
    "^[\udc80-\udcbf]{1,3}(?=[^\udc80-\udcff])"
    "|(?<=[^\udc80-\udcff])(?:[\udcc2-\udcf4]|[\udce0-\udcf4][\udc80-\udcbf]"
    "|[\udcf0-\udcf4][\udc80-\udcbf]{2})$"
)
"""Bytes of a character, cut off at a border of the text, as Python holds what is no UTF-8."""
COMMANDS = ("stop", "skip", "clear", "pause", "resume", "repeat")
STYLE = (
    "preset", "voice", "emotion", "intensity", "speed", "pitch", "energy", "volume", "pause",
    "chime",
)  # fmt: skip
REQUEST = (*STYLE, "priority", "policy", "id", "key", "ttl_s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        reply = _act(options)
    except TtsError as error:
        reply = {"ok": False, "error": error.code, "message": str(error)}
    except KeyboardInterrupt:
        return 130
    _show(reply, as_json=options.json, is_status=options.status)
    return _exit_status(reply)


def make_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = entry.Parser(
        prog="tts-say",
        description="Speak TEXT, or standard input, through the tts-daemon.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "text", nargs="*", metavar="TEXT", help="what to say (default: standard input)"
    )
    _add_style(parser)
    _add_delivery(parser)
    _add_control(parser)
    entry.add_version(parser)
    return parser


def _add_style(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it sounds")
    group.add_argument("--preset", metavar="NAME", help="a preset of the configuration")
    group.add_argument("--voice", metavar="NAME", help="an installed voice")
    group.add_argument("--emotion", metavar="NAME", help="an emotion of the voice, such as happy")
    group.add_argument("--intensity", type=float, metavar="X", help="of the emotion, 0 to 2")
    group.add_argument("--speed", type=float, metavar="X", help="speaking rate, 0.5 to 2")
    group.add_argument("--pitch", type=float, metavar="X", help="semitones, -12 to 12")
    group.add_argument("--energy", type=float, metavar="X", help="vocal effort, -2 to 2")
    group.add_argument("--volume", type=float, metavar="X", help="percent, 0 to 100")
    group.add_argument("--pause", type=float, metavar="X", help="times the usual pauses, 0 to 4")
    group.add_argument("--chime", metavar="NAME", help="a sound before the text, such as dingdong")


def _add_delivery(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("when and where")
    group.add_argument(
        "--priority", metavar="NAME", help="important, message, text, notification or progress"
    )
    group.add_argument("--policy", metavar="NAME", help="queue, interrupt, replace or drop_if_busy")
    group.add_argument("--id", help="spoken once, however often it is sent")
    group.add_argument("--key", help="with --policy replace: what it replaces")
    group.add_argument(
        "--ttl", type=float, dest="ttl_s", metavar="S", help="too old after S seconds"
    )
    group.add_argument(
        "--output",
        metavar="FILE",
        help='write a file, .wav, .flac, .opus or .mp3 ("-": WAV to standard output)',
    )
    group.add_argument(
        "--stream", action="store_true", help="speak standard input while it is being written"
    )
    group.add_argument("--wait", action="store_true", help="return when it has been spoken")
    group.add_argument("--local", action="store_true", help="synthesise here, without a daemon")
    group.add_argument("--config", metavar="FILE", help="with --local: the configuration")


def _add_control(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the daemon").add_mutually_exclusive_group()
    group.add_argument(
        "--stop", action="store_const", const="stop", dest="command", help="be silent at once"
    )
    group.add_argument("--command", choices=COMMANDS, help="--stop and its relatives")
    group.add_argument(
        "--set-volume", type=float, metavar="X", help="for all that follows, percent"
    )
    group.add_argument(
        "--set-speed", type=float, metavar="X", help="for all that follows, 0.5 to 2"
    )
    group.add_argument("--set-preset", metavar="NAME", help="for requests that name none")
    group.add_argument("--status", action="store_true", help="what the daemon is doing")
    parser.add_argument("--json", action="store_true", help="print the daemon's reply as JSON")
    parser.add_argument("--socket", metavar="PATH", help="the daemon's socket")


def _act(options: argparse.Namespace) -> Reply:
    control = _control(options)
    if control:
        with SocketClient(candidates(options.socket)) as client:
            return client.ask(**control)
    request = {name: value for name in REQUEST if (value := getattr(options, name)) is not None}
    if options.stream:
        return _stream(options, request)
    request["text"] = _text(options.text)
    if options.output:
        sound_file.check(options.output)
    if options.local:
        # The whole synthesis is imported only here.
        from tts_daemon.cli import say_local

        return say_local.say(request, options.config, options.output)
    with SocketClient(candidates(options.socket)) as client:
        if options.output:
            return sound_file.save(client.render(**request), options.output)
        return client.ask(**request, wait=options.wait)


def _stream(options: argparse.Namespace, request: dict[str, Any]) -> Reply:
    for name in ("text", "output", "local"):
        if getattr(options, name):
            raise InvalidRequestError(
                f"{name}: does not go with --stream, which speaks standard input"
            )
    source = _open_standard_input().fileno()
    with SocketClient(candidates(options.socket)) as client:
        return client.stream(source, **request, wait=options.wait)


def _control(options: argparse.Namespace) -> dict[str, Any]:
    if options.command:
        return {"op": options.command}
    if options.set_volume is not None:
        return {"op": "volume", "volume": options.set_volume}
    if options.set_speed is not None:
        return {"op": "speed", "speed": options.set_speed}
    if options.set_preset is not None:
        return {"op": "preset", "preset": options.set_preset}
    return {"op": "status"} if options.status else {}


def _text(words: Sequence[str]) -> str:
    text = " ".join(words) if words else _standard_input().decode("utf-8", "surrogateescape")
    whole = _TORN.sub("", text)
    if whole != text:
        print("tts-say: text: was cut inside a character; half of it is left out", file=sys.stderr)
        text = whole
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"text: not UTF-8 at character {error.start + 1}") from None
    return text


def _open_standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InvalidRequestError("text: none given, and standard input is closed")
    if sys.stdin.isatty():
        print(entry.ours("tts-say: reading from the terminal; Ctrl-D ends"), file=sys.stderr)
    return sys.stdin.buffer


def _standard_input() -> bytes:
    data = _open_standard_input().read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise InvalidRequestError(f"text: more than {MOST_BYTES} bytes; speak it in pieces")
    return data


def _show(reply: Reply, *, as_json: bool, is_status: bool) -> None:
    if as_json:
        print(json.dumps(reply, ensure_ascii=False))
    elif not reply["ok"]:
        print(f"tts-say: {entry.ours(reply['message'])}", file=sys.stderr)
    elif reply.get("event_type", "finished") != "finished":
        reason = reply.get("message") or reply.get("reason", "no reason given")
        print(f"tts-say: {reply['event_type']}: {entry.ours(reason)}", file=sys.stderr)
    elif is_status:
        print("\n".join(_status_lines(reply)))


def _status_lines(reply: Reply) -> Iterator[str]:
    for name, value in _status(reply):
        yield f"{box.padded(entry.ours(name), 13)} {entry.ours(value)}"


def _status(reply: Reply) -> Iterator[tuple[str, str]]:
    """What a person wants to know of the daemon, line by line."""
    yield "state", f"{entry.ours(reply['state'])}, {reply['queued']} waiting"
    yield "volume", f"{reply['volume']:g} %"
    yield "speed", f"{reply['speed']:g} x"
    yield "preset", f"{reply['preset']} ({', '.join(reply['presets'])})"
    yield "voices", ", ".join(reply["voices"]) or "none"
    yield "engine", reply["engine"] or "unknown"
    if reply["last_first_audio_ms"] is not None:
        yield "first audio", f"{reply['last_first_audio_ms']:.0f} ms"
    if reply["last_real_time_factor"] is not None:
        yield "real time", f"{reply['last_real_time_factor']:.3f} x"
    yield "counters", ", ".join(f"{name} {n}" for name, n in reply["counters"].items())
    yield from reply["troubles"].items()
    yield from (("poison", text) for text in reply["poison"])
    if reply["last_error"]:
        yield "last error", reply["last_error"]


def _exit_status(reply: Reply) -> int:
    if not reply["ok"]:
        return STATUS.get(reply["error"], 1)
    return 0 if reply.get("event_type", "finished") in ("finished", "duplicate") else 1


if __name__ == "__main__":
    sys.exit(main())
