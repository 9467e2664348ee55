"""Another machine's voice sounds as ours, and whatever becomes of it, every word is said once.

Both ends have the tiny voice, whose sound is the same in every process: so what comes from afar can
be compared with what this machine would have made, sample for sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fakes.daemon_process import DaemonProcess
from fakes.link import Link
from integration.remote.conftest import TOKEN, Near, Opened, Strong

from tts_daemon.domain import LOCAL, REMOTE, AudioChunk, Clause, Style
from tts_daemon.synthesis.synthesizer import Synthesizer

TEXT = "晚上八点放电影，别忘了。外面下雨，请带伞。"
LONG = "今天下午三点我们在会议室讨论下个月的工作安排"
STEP = 1 / 32767
PATIENCE_S = 60.0


def joined(chunks: list[AudioChunk]) -> np.ndarray:
    return np.concatenate([chunk.samples for chunk in chunks])


def spoken_by(chunks: list[AudioChunk]) -> list[str]:
    """Who spoke, in order, silence between clauses left out."""
    names = [chunk.spoken_by for chunk in chunks if chunk.spoken_by]
    return [names[0], *(now for before, now in pairwise(names) if now != before)]


def wait_until(ready: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def ready(near: Near) -> Synthesizer:
    wait_until(lambda: near.remote.is_there)
    return near.synthesizer


def test_it_sounds_as_it_would_here(strong: Strong, near: Opened, alone: Synthesizer) -> None:
    synthesizer = ready(near(strong.link.url, patience_ms=10000))
    for style in (Style(), Style(emotion="happy", speed=1.2, pitch=2.0, pause=2.0)):
        chunks = list(synthesizer.stream(TEXT, style))
        assert spoken_by(chunks) == [REMOTE]
        expected = joined(list(alone.stream(TEXT, style)))
        assert joined(chunks) == pytest.approx(expected, abs=STEP)


def test_one_connection_serves_all_clauses(strong: Strong, near: Opened) -> None:
    synthesizer = ready(near(strong.link.url, patience_ms=10000))
    for _ in range(3):
        list(synthesizer.stream(TEXT, Style()))
    assert strong.link.connections == 1


@pytest.mark.parametrize("share", [0.35, 0.7])
@pytest.mark.parametrize("fault", ["cut_after", "stall_after"])
def test_our_own_voice_goes_on_with_the_next_word(
    strong: Strong, near: Opened, alone: Synthesizer, fault: str, share: float
) -> None:
    far = near(strong.link.url, patience_ms=10000, stall_ms=50)
    synthesizer = ready(far)
    (clause,) = synthesizer.read(LONG, Style())
    whole = joined(list(alone.stream(LONG, Style())))
    setattr(strong.link, fault, round(share * 2 * len(whole)))
    chunks = list(synthesizer.stream(LONG, Style()))
    heard = joined([chunk for chunk in chunks if chunk.spoken_by == REMOTE])
    rest = joined([chunk for chunk in chunks if chunk.spoken_by == LOCAL])
    assert spoken_by(chunks) == [REMOTE, LOCAL]
    fade = round(0.005 * chunks[0].sample_rate)
    assert heard[:-fade] == pytest.approx(whole[: len(heard) - fade], abs=STEP)
    # What is said here is the clause from one of its words on.
    candidates = [_from_word(alone, clause, number) for number in range(1, len(clause.words))]
    matches = [len(made) for made in candidates if np.array_equal(made, rest)]
    assert len(matches) == 1
    assert far.troubles[-1].startswith(strong.link.url)


def _from_word(synthesizer: Synthesizer, clause: Clause, number: int) -> np.ndarray:
    """The sound of a clause from one of its words on, made by itself."""
    begin = [at for at, symbol in enumerate(clause.symbols) if symbol.sy[0] == "#"][number - 1] + 1
    part = Clause(
        clause.text,
        clause.spoken,
        clause.words[number:],
        clause.pinyin,
        clause.breaks[number:],
        clause.symbols[begin:],
        clause.style,
        pauses=clause.pauses[number:],
        kind=clause.kind,
    )
    return joined(list(synthesizer._speak(part, 0, False)))


def _refuse(link: Link) -> None:
    link.close()


def _say_nothing(link: Link) -> None:
    link.stall_after = 0


def _be_slow(link: Link) -> None:
    link.delay_s = 0.5


@pytest.mark.parametrize("fail", [_refuse, _say_nothing, _be_slow])
def test_our_own_voice_speaks_where_the_other_does_not(
    strong: Strong, near: Opened, alone: Synthesizer, fail: Callable[[Link], None]
) -> None:
    far = near(strong.link.url, patience_ms=100)
    synthesizer = ready(far)
    assert synthesizer.expects("") == REMOTE
    fail(strong.link)
    chunks = list(synthesizer.stream(TEXT, Style()))
    assert spoken_by(chunks) == [LOCAL]
    assert np.array_equal(joined(chunks), joined(list(alone.stream(TEXT, Style()))))
    assert synthesizer.expects("") == LOCAL
    assert far.troubles[0] == ""
    assert far.troubles[-1].startswith(f"{strong.link.url}: ")


def test_nobody_waits_long_for_the_rest_of_a_first_word(strong: Strong, near: Opened) -> None:
    far = near(strong.link.url, patience_ms=300, stall_ms=60000)
    synthesizer = ready(far)
    # The head, and a piece that is shorter than a word.
    strong.link.stall_after = 1
    assert spoken_by(list(synthesizer.stream(LONG, Style()))) == [LOCAL]


def test_who_is_known_to_be_away_is_asked_nothing(strong: Strong, near: Opened) -> None:
    strong.link.cut_after = 0
    far = near(strong.link.url)
    wait_until(lambda: bool(far.troubles))
    asked = strong.link.bytes_asked
    for _ in range(5):
        assert spoken_by(list(far.synthesizer.stream(TEXT, Style()))) == [LOCAL]
    assert strong.link.bytes_asked == asked


def test_a_probe_finds_who_is_back(strong: Strong, near: Opened) -> None:
    strong.link.cut_after = 0
    far = near(strong.link.url, retry_s=0.1)
    wait_until(lambda: bool(far.troubles))
    strong.link.cut_after = None
    ready(far)
    assert far.troubles[-1] == ""


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"token": "wrong"}, "token: is missing or wrong"),
        ({"voice": "nobody"}, "nobody"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(
    strong: Strong, near: Opened, keys: dict[str, str], told: str
) -> None:
    far = near(strong.link.url, **keys)
    wait_until(lambda: bool(far.troubles))
    assert told in far.troubles[0]


def test_what_it_has_spoken_is_remembered_here(strong: Strong, near: Opened) -> None:
    synthesizer = ready(near(strong.link.url, patience_ms=10000, cache_mb=4.0))
    first = list(synthesizer.stream(TEXT, Style()))
    strong.link.close()
    again = list(synthesizer.stream(TEXT, Style()))
    assert spoken_by(again) == [REMOTE]
    assert all(chunk.recalled for chunk in again if chunk.spoken_by)
    assert np.array_equal(joined(first), joined(again))


def test_a_clause_that_ended_early_is_not_remembered(strong: Strong, near: Opened) -> None:
    far = near(strong.link.url, patience_ms=10000, cache_mb=4.0, retry_s=0.2)
    synthesizer = ready(far)
    strong.link.cut_after = 40000
    assert spoken_by(list(synthesizer.stream(LONG, Style()))) == [REMOTE, LOCAL]
    strong.link.cut_after = None
    ready(far)
    assert spoken_by(list(synthesizer.stream(LONG, Style()))) == [REMOTE]


def test_who_stops_listening_stops_the_other_daemon_as_well(strong: Strong, near: Opened) -> None:
    synthesizer = ready(near(strong.link.url, patience_ms=10000))
    stream = synthesizer.stream(LONG, Style())
    next(stream)
    strong.link.has_ended.clear()
    stream.close()  # type: ignore[attr-defined]
    assert strong.link.has_ended.wait(PATIENCE_S)


def test_other_voices_are_our_own(strong: Strong, near: Opened, tmp_path: Path) -> None:
    far = near(strong.link.url, patience_ms=10000)
    ready(far)
    assert far.synthesizer.expects("somebody else") == LOCAL


def test_a_daemon_says_who_has_spoken(strong: Strong, daemon: DaemonProcess) -> None:
    remote = {"url": strong.link.url, "token": TOKEN, "retry_s": 0.1, "patience_ms": 10000}
    daemon.start(synthesis={"remote": remote, "cache_mb": 0})
    assert TOKEN not in daemon.log
    daemon.wait_until(lambda status: status["troubles"] == {} and "speaks" in daemon.log)
    assert daemon.ask(text=TEXT, wait=True)["spoken_by"] == REMOTE
    strong.link.stall_after = 0
    daemon.wait_until(lambda status: "remote voice" in status["troubles"])
    assert daemon.ask(text=TEXT, wait=True)["spoken_by"] == LOCAL
