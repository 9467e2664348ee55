"""What came from the broker: bounded in number and in bytes."""

from __future__ import annotations

from tts_daemon.inputs.mqtt.inbox import MOST_BYTES, MOST_MESSAGES, Inbox
from tts_daemon.inputs.mqtt.values import Message


def test_messages_leave_in_the_order_in_which_they_came() -> None:
    inbox = Inbox()
    for number in range(3):
        inbox.put(Message("t", b"%d" % number))
    assert [inbox.take().payload for _ in range(3)] == [b"0", b"1", b"2"]
    assert not inbox


def test_many_messages_fill_it_until_one_is_taken() -> None:
    inbox = Inbox()
    for _ in range(MOST_MESSAGES):
        assert not inbox.is_full
        inbox.put(Message("t", b""))
    assert inbox.is_full
    inbox.take()
    assert not inbox.is_full


def test_one_long_message_fills_it() -> None:
    inbox = Inbox()
    inbox.put(Message("t", bytes(MOST_BYTES)))
    assert inbox.is_full
    inbox.take()
    assert not inbox.is_full
