"""What the kernel says of sound cards: which are plugged in, and which outputs a program holds."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_NODES = Path("/dev/snd")
_KERNEL = Path("/proc/asound")
_PRINTED = re.compile(
    r"(?P<kind>hw|plughw|sysdefault|default|front|hdmi|dmix):(?:CARD=)?(?P<card>[\w-]+)"
    r"(?:,(?:DEV=)?(?P<device>\d+))?"
)
"""How `aplay -L` prints the outputs of a card, and the short form that people write."""
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


def of_portaudio(name: str) -> str:
    """A name as `aplay -L` prints it, in PortAudio's words; any other name as it is.

    `plughw:CARD=Device,DEV=0`, `sysdefault:CARD=Device` and `hw:Device` are `(hw:1,0)`: PortAudio
    hides all but `hw`, and what they would convert is converted here.

    Raises:
        ValueError: No card is called so.
    """
    match = _PRINTED.fullmatch(name)
    if match is None:
        return name
    kind, card, device = match["kind"], match["card"], match["device"] or "0"
    number = card if card.isdigit() else _number(card)
    if kind != "dmix":
        return f"(hw:{number},{device})"
    if (number, device) != ("0", "0"):
        raise ValueError(
            f"{name}: PortAudio mixes on the first card only; make it that one "
            f"(/etc/asound.conf: defaults.pcm.card {number}), or name plughw:CARD={card}"
        )
    return "dmix"


def as_printed(name: str) -> str:
    """PortAudio's name of a card's output as `aplay -L` prints it: it can be pasted into YAML."""
    number, device = numbers(name)
    card = {old: new for new, old in _ids().items()}.get(str(number))
    return f"plughw:CARD={card},DEV={device}" if card else name


def _number(card: str) -> str:
    known = _ids()
    if card not in known:
        raise ValueError(f"no card is called {card!r}; known: {', '.join(known) or 'none'}")
    return known[card]


def _ids() -> dict[str, str]:
    """Names of the cards -> their numbers, which change when things are plugged."""
    with contextlib.suppress(OSError):
        return {
            path.read_text().strip(): path.parent.name.removeprefix("card")
            for path in sorted(_KERNEL.glob("card[0-9]*/id"))
        }
    return {}


def _name(info: str) -> str:
    about = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
    card, device = about["card"], about["device"]
    return f"{_card_name(card)}: {about['name']} (hw:{card},{device})"


def _card_name(number: str) -> str:
    """` 1 [Device         ]: USB-Audio - USB Audio` -> `USB Audio`."""
    listed = (_KERNEL / "cards").read_text()
    found = re.search(rf"^ *{number} \[.*?\]: .*? - (.*)$", listed, re.MULTILINE)
    return found[1] if found else ""
