"""What is sent, in which order, and what a lost connection changes."""

from __future__ import annotations

import pytest

from tts_daemon.inputs.mqtt.outbox import Outbox
from tts_daemon.inputs.mqtt.values import Publication


def message(number: int) -> Publication:
    return Publication("events", str(number).encode())


def send(outbox: Outbox, window: int, first_id: int = 1) -> list[str]:
    """Send what is due; packets are numbered from `first_id`."""
    due = outbox.due(window)
    for packet_id, publication in enumerate(due, first_id):
        outbox.sent(packet_id, publication)
    return [publication.payload.decode() for publication in due]


def test_messages_go_in_order_and_no_more_than_the_window() -> None:
    outbox = Outbox()
    for number in range(5):
        outbox.put(message(number))
    assert send(outbox, 3) == ["0", "1", "2"]
    assert send(outbox, 3) == []
    assert outbox.confirmed(2) is not None
    assert send(outbox, 3, first_id=4) == ["3"]


def test_a_lost_connection_repeats_what_was_under_way_first() -> None:
    outbox = Outbox()
    for number in range(4):
        outbox.put(message(number))
    send(outbox, 3)
    outbox.confirmed(1)
    outbox.connection_lost()
    assert send(outbox, 9) == ["1", "2", "3"]


def test_what_is_fleeting_is_not_repeated() -> None:
    outbox = Outbox()
    outbox.put(Publication("a", b"1", fleeting=True))
    outbox.put(message(2))
    send(outbox, 9)
    outbox.connection_lost()
    assert send(outbox, 9) == ["2"]


def test_of_kept_values_only_the_newest_goes_and_one_at_a_time() -> None:
    outbox = Outbox()
    outbox.keep("state", b"a")
    assert send(outbox, 9) == ["a"]
    outbox.keep("state", b"b")
    outbox.keep("state", b"c")
    assert send(outbox, 9, first_id=2) == []
    outbox.confirmed(1)
    assert send(outbox, 9, first_id=2) == ["c"]
    outbox.confirmed(2)
    outbox.keep("state", b"c")
    assert send(outbox, 9, first_id=3) == []


def test_kept_values_go_again_after_a_reconnect_and_on_request() -> None:
    outbox = Outbox()
    outbox.keep("state", b"a")
    send(outbox, 9)
    outbox.connection_lost()
    assert send(outbox, 9) == ["a"]
    outbox.confirmed(1)
    outbox.send_kept_again()
    assert send(outbox, 9) == ["a"]


def test_kept_values_are_retained_and_messages_are_not() -> None:
    outbox = Outbox()
    outbox.keep("state", b"a")
    outbox.put(message(1))
    assert [publication.retain for publication in outbox.due(9)] == [True, False]


def test_a_long_absence_drops_the_oldest_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    outbox = Outbox(capacity=3)
    for number in range(5):
        outbox.put(message(number))
    assert send(outbox, 9) == ["2", "3", "4"]
    assert "too many messages wait" in caplog.text


def test_it_is_empty_when_everything_is_confirmed() -> None:
    outbox = Outbox()
    assert outbox.is_empty
    outbox.put(message(1))
    outbox.keep("state", b"a")
    send(outbox, 9)
    outbox.confirmed(1)
    assert not outbox.is_empty
    outbox.confirmed(2)
    assert outbox.is_empty
    assert outbox.confirmed(77) is None


def test_half_full_is_congested_and_full_drops_the_oldest_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox = Outbox(capacity=4)
    for number in range(2):
        outbox.put(message(number))
    assert not outbox.is_congested
    for number in range(2, 7):
        outbox.put(message(number))
    assert outbox.is_congested
    assert caplog.text.count("too many messages") == 1
    assert send(outbox, 9) == ["3", "4", "5", "6"]
    assert not outbox.is_congested
    assert "3 messages for the broker were dropped" in caplog.text
