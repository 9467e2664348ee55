"""What reaches us of the texts that screen readers speak."""

from __future__ import annotations

import re

from fakes.daemon_process import DaemonProcess
from strangers.report import report
from strangers.speech_dispatcher.conftest import SpeechDispatcher

# Every piece is another one, so that nothing that is missing goes unseen.
PIECE = "第{0}条：今年上半年收入{1}元，Pi {0}号机🎉正常；"
MIXED = "".join(PIECE.format(number, 21840 + number) for number in range(70))


def bare(text: str) -> str:
    """Letters and digits: it normalises the rest."""
    return "".join(re.findall(r"[\w]", text))


@report("brailcom/speechd#806")
def test_two_thousand_mixed_characters_are_spoken(
    dispatcher: SpeechDispatcher, daemon: DaemonProcess
) -> None:
    assert 2000 <= len(MIXED) < 3000
    whole_s = dispatcher.say(MIXED)
    assert bare(MIXED) == bare(re.sub("(?<=号机)[^正]*", "🎉", dispatcher.arrived))
    assert dispatcher.say(MIXED[: len(MIXED) // 2]) < 0.75 * whole_s


@report("brailcom/speechd#999", "brailcom/speechd#529")
def test_signs_are_left_to_us_where_the_documentation_says_so(
    dispatcher: SpeechDispatcher, request: object
) -> None:
    for punctuation in ("none", "some", "all"):
        dispatcher.say("增长5.3%。好", punctuation=punctuation)
    arrived = dispatcher.arrived
    assert "comma" not in arrived
    assert "percent" not in arrived
    assert len(re.findall(r"5 ?\.3", arrived)) == 3
    is_left_to_us = arrived.count("%") == arrived.count("。") == 3
    assert is_left_to_us or "百分号" in arrived
