"""Names, numbers and waiting times of the MQTT door."""

from __future__ import annotations

import socket

import pytest

from tts_daemon.inputs.mqtt.deliveries import CAPACITY, Deliveries
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Retry
from tts_daemon.settings.schema import MqttSettings


def test_waiting_grows_and_never_ends() -> None:
    retry = Retry(first_s=1, longest_s=60, refused_s=45)
    waits_s = [retry.delay_s(failures, refused=False) for failures in (1, 2, 3, 4, 100, 10**6)]
    assert all(
        0.8 * wanted_s <= wait_s <= wanted_s
        for wait_s, wanted_s in zip(waits_s, (1, 2, 4, 8, 60, 60), strict=True)
    )
    assert 36 <= retry.delay_s(1, refused=True) <= 45


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("living", "living"),
        ("客厅", "客厅"),
        ("a/b+c#d e", "a-b-c-d-e"),
        ("all", "all-node"),
        ("pool", "pool-node"),
        ("#", "tts"),
    ],
)
def test_a_node_is_one_level_of_its_own(node: str, expected: str) -> None:
    assert Topics.of(MqttSettings(node=node)).node == expected


def test_the_node_is_the_host_name_unless_configured() -> None:
    topics = Topics.of(MqttSettings(base_topic="/speech/"))
    assert topics.own("say") == f"speech/{socket.gethostname().partition('.')[0]}/say"
    assert topics.everyone("say") == "speech/all/say"


def test_the_preset_is_what_follows_say() -> None:
    topics = Topics("tts", "living")
    assert topics.preset_of("tts/living/say/happy") == "happy"
    assert topics.preset_of("tts/living/say") == ""
    assert topics.preset_of("tts/all/say") == ""


def test_a_group_of_the_pool_fits_into_a_topic() -> None:
    topics = Topics("tts", "living")
    assert topics.shared("g/1") == "$share/g-1/tts/pool/synthesize"
    assert topics.shared("") == "$share/tts/tts/pool/synthesize"


def delivery(packet_id: int, *, again: bool = False, payload: bytes = b"x") -> Message:
    return Message("tts/living/say", payload, redelivered=again, packet_id=packet_id)


def test_a_redelivery_has_the_id_of_the_first_delivery() -> None:
    deliveries = Deliveries()
    deliveries.remember(delivery(7), "first")
    assert deliveries.earlier_id(delivery(7, again=True)) == "first"


@pytest.mark.parametrize(
    "other",
    [
        delivery(7),
        delivery(8, again=True),
        delivery(7, again=True, payload=b"y"),
    ],
    ids=["not marked as redelivered", "another packet", "other contents"],
)
def test_what_is_no_redelivery_has_none(other: Message) -> None:
    deliveries = Deliveries()
    deliveries.remember(delivery(7), "first")
    assert deliveries.earlier_id(other) == ""


def test_ids_are_forgotten_with_the_session_and_when_there_are_many() -> None:
    deliveries = Deliveries()
    for packet_id in range(1, CAPACITY + 2):
        deliveries.remember(delivery(packet_id), str(packet_id))
    assert deliveries.earlier_id(delivery(1, again=True)) == ""
    assert deliveries.earlier_id(delivery(2, again=True)) == "2"
    deliveries.forget()
    assert deliveries.earlier_id(delivery(2, again=True)) == ""


def test_a_message_of_quality_0_has_no_number_to_remember() -> None:
    deliveries = Deliveries()
    deliveries.remember(delivery(0), "first")
    assert deliveries.earlier_id(delivery(0, again=True)) == ""
