"""Who takes over the session of a pool member that is gone, and when."""

from __future__ import annotations

from fakes.fake_clock import FakeClock

from tts_daemon.inputs.mqtt.adoption import RETRY_S, SETTLE_S, Adoption, Adoptions


class FakeAdoption(Adoption):
    """Goes on until it is told that it is over."""

    def __init__(self, member: str) -> None:
        self.member = member
        self.is_over = False
        self.is_closed = False

    def step(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_closed = True


class Member:
    """What one member of the pool knows, and what it has taken over."""

    def __init__(self, node: str) -> None:
        self.clock = FakeClock()
        self.taken: list[FakeAdoption] = []
        self.adoptions = Adoptions(node, self._adopt, self.clock.monotonic_s)

    def _adopt(self, member: str) -> FakeAdoption:
        self.taken.append(FakeAdoption(member))
        return self.taken[-1]

    def hears(self, **states: str) -> None:
        for member, state in states.items():
            self.adoptions.member_is(member, state)

    def takes(self, after_s: float = SETTLE_S) -> list[str]:
        """Members whose sessions it begins to take over so much later."""
        known = len(self.taken)
        self.clock.sleep_s(after_s)
        self.adoptions.tick()
        return [adoption.member for adoption in self.taken[known:]]


def test_one_survivor_takes_over_and_all_agree_which() -> None:
    nodes = {"one", "two", "three", "four"}
    for gone in nodes:
        takers = []
        for node in nodes - {gone}:
            member = Member(node)
            member.hears(**dict.fromkeys(nodes - {gone, node}, "online"), **{gone: "offline"})
            takers += [node] * len(member.takes())
        assert len(takers) == 1, f"{gone} is taken over by {takers}"


def test_the_last_one_takes_over_everything() -> None:
    member = Member("two")
    member.hears(one="offline", three="offline")
    assert member.takes() == ["one", "three"]


def test_news_that_is_under_way_counts() -> None:
    member = Member("three")
    member.hears(two="offline")
    assert member.takes(0) == []
    member.hears(one="online")
    # `one` is there too, and it is the heir of `two`.
    assert member.takes() == []


def test_who_comes_back_in_time_is_left_alone() -> None:
    member = Member("one")
    member.hears(two="offline")
    member.hears(two="online")
    assert member.takes() == []
    assert not member.adoptions.are_any


def test_nothing_is_taken_over_twice_at_a_time() -> None:
    member = Member("one")
    member.hears(two="offline")
    assert member.takes() == ["two"]
    member.hears(two="adopted by one")
    member.hears(two="offline")
    assert member.takes(RETRY_S) == []
    member.taken[0].is_over = True
    assert member.takes() == []
    member.hears(two="")
    assert member.takes(RETRY_S) == []
    assert not member.adoptions.are_any


def test_the_adopter_dies_too() -> None:
    member = Member("three")
    member.hears(one="online", two="adopted by one")
    assert member.takes() == []
    member.hears(one="offline")
    assert sorted(member.takes()) == ["one", "two"]


def test_a_session_that_another_took_from_us_is_not_fought_over() -> None:
    member = Member("one")
    member.hears(three="online", two="offline")
    assert member.takes() == ["two"]
    member.taken[0].is_over = True
    assert member.takes() == []
    member.hears(two="adopted by one")
    assert member.takes() == []
    member.hears(two="adopted by three")
    assert member.takes(RETRY_S) == []


def test_what_the_broker_did_not_let_us_finish_is_tried_again() -> None:
    member = Member("one")
    member.hears(two="offline")
    assert member.takes() == ["two"]
    member.hears(two="adopted by one")
    member.taken[0].is_over = True
    assert member.takes() == []
    assert member.adoptions.are_any
    assert member.takes(RETRY_S) == ["two"]


def test_the_end_leaves_what_was_begun_to_others() -> None:
    member = Member("one")
    member.hears(two="offline")
    member.takes()
    member.adoptions.close()
    assert member.taken[0].is_closed
