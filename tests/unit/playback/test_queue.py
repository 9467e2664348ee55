"""The table of docs/queue.md, row by row."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from tts_daemon.domain import Policy, Priority, SpeakRequest
from tts_daemon.errors import QueueFullError
from tts_daemon.playback._queue import (
    KEPT_IDS_S,
    KnownId,
    SpeechQueue,
    Utterance,
    Verdict,
    fingerprint,
)
from tts_daemon.settings.schema import QueueSettings

IMPORTANT, MESSAGE, TEXT, NOTIFICATION, PROGRESS = Priority

_names = itertools.count()


def request(
    priority: Priority = TEXT, policy: Policy = Policy.QUEUE, **fields: str
) -> SpeakRequest:
    name = fields.pop("id", f"u{next(_names)}")
    text = fields.pop("text", "你好")
    return SpeakRequest(text, id=name, priority=priority, policy=policy, key=fields.get("key"))


class Desk:
    """A queue and the utterance being spoken, as the dispatcher keeps them."""

    def __init__(self, limit: int = 32) -> None:
        self.queue = SpeechQueue(limit=limit)
        self.speaking: Utterance | None = None
        self.cancelled: list[str] = []
        self._serials = itertools.count(1)

    def speak(self, item: SpeakRequest) -> None:
        self.speaking = Utterance(item, next(self._serials))
        self.queue.remember_ids([KnownId.of(item)])

    def arrive(self, item: SpeakRequest) -> int:
        verdict = self.queue.judge(item, self.speaking)
        self.cancelled += [waiting.request.id for waiting, _ in verdict.cancelled]
        if verdict.interrupts and self.speaking is not None:
            if verdict.postpones:
                self.queue.put_back(self.speaking)
            else:
                self.cancelled.append(self.speaking.request.id)
            self.speaking = None
        if verdict.dropped:
            self.cancelled.append(item.id)
        return self.queue.add(Utterance(item, next(self._serials)), verdict)

    @property
    def waiting(self) -> list[str]:
        return [item.request.id for item in self.queue]


def test_the_most_urgent_is_first_and_the_order_is_kept_within_a_priority() -> None:
    desk = Desk()
    for name, priority in [("p", PROGRESS), ("t1", TEXT), ("m1", MESSAGE), ("i", IMPORTANT)]:
        desk.arrive(request(priority, id=name))
    desk.arrive(request(TEXT, id="t2"))
    desk.arrive(request(MESSAGE, id="m2"))
    assert desk.waiting == ["i", "m1", "m2", "t1", "t2", "p"]


def test_the_position_is_the_place_in_line() -> None:
    desk = Desk()
    assert desk.arrive(request(TEXT)) == 0
    assert desk.arrive(request(TEXT)) == 1
    assert desk.arrive(request(MESSAGE)) == 0


# (spoken, arriving): what happens to the spoken one under the policy `queue`
SPOKEN = {
    (IMPORTANT, IMPORTANT): "goes on",
    (MESSAGE, IMPORTANT): "ends",
    (TEXT, IMPORTANT): "ends",
    (NOTIFICATION, IMPORTANT): "ends",
    (PROGRESS, IMPORTANT): "waits again",
    (IMPORTANT, MESSAGE): "goes on",
    (MESSAGE, MESSAGE): "goes on",
    (TEXT, MESSAGE): "ends",
    (NOTIFICATION, MESSAGE): "ends",
    (PROGRESS, MESSAGE): "waits again",
    (IMPORTANT, TEXT): "goes on",
    (MESSAGE, TEXT): "goes on",
    (TEXT, TEXT): "goes on",
    (NOTIFICATION, TEXT): "ends",
    (PROGRESS, TEXT): "waits again",
    (IMPORTANT, NOTIFICATION): "goes on",
    (MESSAGE, NOTIFICATION): "goes on",
    (TEXT, NOTIFICATION): "goes on",
    (NOTIFICATION, NOTIFICATION): "goes on",
    (PROGRESS, NOTIFICATION): "goes on",
    (IMPORTANT, PROGRESS): "goes on",
    (MESSAGE, PROGRESS): "goes on",
    (TEXT, PROGRESS): "goes on",
    (NOTIFICATION, PROGRESS): "goes on",
    (PROGRESS, PROGRESS): "goes on",
}


@pytest.mark.parametrize(("spoken", "arriving"), SPOKEN)
def test_what_an_arrival_does_to_the_one_being_spoken(spoken: Priority, arriving: Priority) -> None:
    desk = Desk()
    desk.speak(request(spoken, id="old"))
    desk.arrive(request(arriving, id="new"))
    if desk.speaking is not None:
        outcome = "goes on"
    else:
        outcome = "ends" if "old" in desk.cancelled else "waits again"
    assert outcome == SPOKEN[spoken, arriving]


# (waiting, arriving): whether the waiting one ends under the policy `queue`
ENDS_WAITING = {
    *itertools.product([NOTIFICATION], [IMPORTANT, MESSAGE, TEXT, PROGRESS]),
    (PROGRESS, PROGRESS),
}


@pytest.mark.parametrize(("waiting", "arriving"), [*itertools.product(Priority, Priority)])
def test_what_an_arrival_does_to_one_that_waits(waiting: Priority, arriving: Priority) -> None:
    desk = Desk()
    desk.arrive(request(waiting, id="old"))
    desk.arrive(request(arriving, id="new"))
    assert ("old" in desk.cancelled) == ((waiting, arriving) in ENDS_WAITING)


@pytest.mark.parametrize("busy", [IMPORTANT, MESSAGE, TEXT, PROGRESS])
@pytest.mark.parametrize("spoken", [True, False])
def test_a_notification_is_dropped_when_anything_else_is_there(
    busy: Priority, spoken: bool
) -> None:
    desk = Desk()
    desk.speak(request(busy)) if spoken else desk.arrive(request(busy))
    assert desk.arrive(request(NOTIFICATION, id="new")) == -1
    assert desk.cancelled == ["new"]


def test_the_last_progress_is_spoken_even_if_it_was_interrupted() -> None:
    desk = Desk()
    desk.speak(request(PROGRESS, id="90 %"))
    desk.arrive(request(IMPORTANT, id="fire"))
    assert desk.waiting == ["fire", "90 %"]


def test_interrupted_progress_ends_where_newer_progress_waits() -> None:
    desk = Desk()
    desk.speak(request(PROGRESS, id="80 %"))
    desk.arrive(request(PROGRESS, id="90 %"))
    desk.arrive(request(TEXT, id="news"))
    assert desk.cancelled == ["80 %"]
    assert desk.waiting == ["news", "90 %"]


def test_interrupt_ends_what_came_before_unless_it_is_more_urgent() -> None:
    desk = Desk()
    desk.speak(request(TEXT, id="spoken"))
    for name, priority in [("i", IMPORTANT), ("m", MESSAGE), ("t", TEXT), ("p", PROGRESS)]:
        desk.queue.put_back(Utterance(request(priority, id=name), 10))
    desk.arrive(request(TEXT, Policy.INTERRUPT, id="new"))
    assert desk.speaking is None
    assert sorted(desk.cancelled) == ["p", "spoken", "t"]
    assert desk.waiting == ["i", "m", "new"]


@pytest.mark.parametrize("policy", [Policy.INTERRUPT, Policy.REPLACE])
def test_important_is_never_interrupted(policy: Policy) -> None:
    desk = Desk()
    desk.speak(request(IMPORTANT, id="fire", key="k"))
    desk.arrive(request(IMPORTANT, policy, key="k"))
    assert desk.speaking is not None


def test_interrupt_waits_for_the_more_urgent_one_being_spoken() -> None:
    desk = Desk()
    desk.speak(request(MESSAGE))
    assert desk.arrive(request(TEXT, Policy.INTERRUPT)) == 0
    assert desk.speaking is not None


def test_replace_ends_those_of_the_same_key_and_no_others() -> None:
    desk = Desk()
    desk.speak(request(id="spoken", key="door"))
    desk.arrive(request(id="old", key="door"))
    desk.arrive(request(id="other", key="window"))
    desk.arrive(request(TEXT, Policy.REPLACE, id="new", key="door"))
    assert sorted(desk.cancelled) == ["old", "spoken"]
    assert desk.waiting == ["other", "new"]


def test_replace_goes_by_the_id_where_there_is_no_key() -> None:
    desk = Desk()
    desk.arrive(request(id="temperature", text="20 度"))
    assert desk.arrive(request(TEXT, Policy.REPLACE, id="temperature", text="21 度")) == 0
    assert [item.request.text for item in desk.queue] == ["21 度"]


def test_a_redelivered_replacement_is_spoken_once() -> None:
    desk = Desk()
    item = request(TEXT, Policy.REPLACE, id="temperature", text="20 度")
    assert desk.arrive(item) == 0
    assert desk.arrive(item) == -1
    assert desk.waiting == ["temperature"]


@pytest.mark.parametrize("spoken", [True, False])
def test_drop_if_busy_drops_itself(spoken: bool) -> None:
    desk = Desk()
    desk.speak(request()) if spoken else desk.arrive(request())
    assert desk.arrive(request(IMPORTANT, Policy.DROP_IF_BUSY, id="new")) == -1
    assert desk.cancelled == ["new"]


def test_drop_if_busy_is_spoken_when_nothing_is_there() -> None:
    assert Desk().arrive(request(TEXT, Policy.DROP_IF_BUSY)) == 0


def test_a_redelivered_id_changes_nothing() -> None:
    desk = Desk()
    desk.arrive(request(id="a"))
    assert desk.arrive(request(id="a", text="something else")) == -1
    assert desk.waiting == ["a"]


def test_an_id_is_forgotten_after_many_others() -> None:
    desk = Desk()
    desk.queue.remember = 3
    desk.queue.remember_ids([KnownId.of(request(id=name)) for name in "abcd"])
    assert desk.arrive(request(id="b")) == -1
    assert desk.arrive(request(id="a")) == 0


def test_an_id_is_forgotten_after_a_day() -> None:
    desk = Desk()
    bell = request(id="bell")
    desk.arrive(bell)
    assert desk.arrive(replace(bell, created_s=bell.created_s + KEPT_IDS_S)) == -1
    # A clock that was set back proves nothing.
    assert desk.arrive(replace(bell, created_s=0.0)) == -1
    assert desk.arrive(replace(bell, created_s=bell.created_s + KEPT_IDS_S + 1)) == 1


def test_a_full_queue_refuses_and_changes_nothing() -> None:
    desk = Desk(limit=2)
    for name in ("a", "b"):
        desk.arrive(request(id=name))
    with pytest.raises(QueueFullError, match="2 utterances wait"):
        desk.arrive(request(IMPORTANT))
    assert desk.waiting == ["a", "b"]
    assert desk.cancelled == []


def test_a_refused_id_may_come_again() -> None:
    desk = Desk(limit=1)
    desk.arrive(request(id="a"))
    with pytest.raises(QueueFullError):
        desk.arrive(request(id="b"))
    desk.queue.pop()
    assert desk.arrive(request(id="b")) == 0


def test_what_makes_its_own_place_is_not_refused() -> None:
    desk = Desk(limit=1)
    desk.arrive(request(NOTIFICATION, id="old"))
    assert desk.arrive(request(TEXT, id="new")) == 0
    assert desk.waiting == ["new"]


def test_expired_ones_are_taken_out() -> None:
    queue = SpeechQueue()
    for serial, deadline_s in enumerate([5.0, None, 7.0]):
        queue.put_back(Utterance(request(), serial, deadline_s))
    assert queue.next_deadline_s() == 5.0
    assert [item.serial for item in queue.take_expired(6.0)] == [0]
    assert [item.serial for item in queue] == [1, 2]


def test_one_that_is_put_back_has_its_old_place() -> None:
    queue = SpeechQueue()
    for serial in (1, 2, 3):
        queue.put_back(Utterance(request(), serial))
    first = queue.pop()
    assert first is not None
    assert queue.put_back(first) == 0


@pytest.mark.parametrize("newer", Priority)
@pytest.mark.parametrize("policy", [Policy.REPLACE, Policy.INTERRUPT])
def test_important_that_waits_is_never_replaced(policy: Policy, newer: Priority) -> None:
    desk = Desk()
    desk.arrive(request(IMPORTANT, id="smoke", key="alarm"))
    desk.arrive(request(newer, policy, id="newer", key="alarm"))
    assert "smoke" in desk.waiting
    assert "smoke" not in desk.cancelled


def test_a_queue_is_as_long_as_the_configuration_says() -> None:
    queue = SpeechQueue()
    assert queue.limit == QueueSettings().limit
    assert len(queue) == 0
    queue.add(Utterance(request(), 1), Verdict())
    assert len(queue) == 1


def test_what_is_accepted_has_not_begun_and_changes_nothing_else() -> None:
    accepted = Utterance(request(), 1)
    assert (accepted.started, accepted.begun) == (False, 0)
    verdict = SpeechQueue().judge(request(), None)
    expected = Verdict(duplicate=False, dropped="", cancelled=(), interrupts="", postpones=False)
    assert verdict == expected == Verdict()


def test_without_a_deadline_nothing_is_ever_too_old() -> None:
    queue = SpeechQueue()
    assert queue.next_deadline_s() is None
    queue.put_back(Utterance(request(), 1))
    assert queue.next_deadline_s() is None
    queue.put_back(Utterance(request(), 2, deadline_s=7.0))
    queue.put_back(Utterance(request(), 3, deadline_s=5.0))
    assert queue.next_deadline_s() == 5.0


@pytest.mark.parametrize(("policy", "ends"), [(Policy.QUEUE, False), (Policy.REPLACE, True)])
def test_a_key_replaces_what_is_spoken_only_where_that_is_asked(policy: Policy, ends: bool) -> None:
    spoken = Utterance(request(key="door"), 1)
    verdict = SpeechQueue().judge(request(TEXT, policy, key="door"), spoken)
    assert bool(verdict.interrupts) is ends
    assert not SpeechQueue().judge(request(TEXT, policy, key="bell"), spoken).interrupts


def test_half_a_character_has_a_fingerprint_too() -> None:
    assert fingerprint(request(text="\ud83d")) != fingerprint(request(text="\ud83e"))
