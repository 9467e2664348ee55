"""What the kernel says of sound cards: which are plugged in, and which outputs a program holds."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_NODES = Path("/dev/snd")
_KERNEL = Path("/proc/asound")
_NO_NUMBERS = (10**6, 0)

Cards = frozenset[tuple[str, int, int]]


def plugged_in() -> Cards:
    """What tells cards apart: a card that is plugged in again has new nodes."""
    with contextlib.suppress(OSError):
        nodes = [(node.name, node.stat()) for node in _NODES.glob("controlC*")]
        return frozenset((name, node.st_ino, node.st_ctime_ns) for name, node in nodes)
    return frozenset()


def held() -> tuple[str, ...]:
    """Outputs that some program has open, named as PortAudio would: `USB Audio: PCM (hw:1,0)`.

    PortAudio itself does not list what was held while it looked for devices.
    """
    names = []
    with contextlib.suppress(OSError):
        for status in sorted(_KERNEL.glob("card*/pcm*p/sub0/status")):
            if status.read_text().strip() != "closed":
                names.append(_name(status.with_name("info").read_text()))
    return tuple(names)


def numbers(name: str) -> tuple[int, int]:
    """Card and device of a listed name; what is no card's own, such as `dmix`, comes last."""
    found = re.search(r"\(hw:(\d+),(\d+)\)", name)
    return (int(found[1]), int(found[2])) if found else _NO_NUMBERS


def _name(info: str) -> str:
    about = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
    card, device = about["card"], about["device"]
    return f"{_card_name(card)}: {about['name']} (hw:{card},{device})"


def _card_name(number: str) -> str:
    """` 1 [Device         ]: USB-Audio - USB Audio` -> `USB Audio`."""
    listed = (_KERNEL / "cards").read_text()
    found = re.search(rf"^ *{number} \[.*?\]: .*? - (.*)$", listed, re.MULTILINE)
    return found[1] if found else ""
