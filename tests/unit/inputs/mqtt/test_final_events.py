"""Final events over MQTT, seen from the broker: which are sent, and how often."""

from __future__ import annotations

import pytest
from fakes.fake_service import FakeSpeechService

from tts_daemon.domain import Event, EventType
from tts_daemon.inputs.messages import event_message, to_json
from tts_daemon.inputs.mqtt.final_events import FinalEvents
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication

FINISHED = Event(EventType.FINISHED, "doorbell", audio_ms=500.0)


class Broker:
    """Has what is published, and sends it back when the test says so."""

    def __init__(self) -> None:
        self.published: list[Publication] = []
        topics = Topics("tts", "living")
        self.finals = FinalEvents(FakeSpeechService(), topics, self.published.append)
        self.event_topic = topics.own("event")
        self.finals.connected()
        self.echo(self.published.pop())

    def echo(self, publication: Publication) -> None:
        self.finals.received(Message(publication.topic, publication.payload))

    def events(self) -> list[bytes]:
        return [item.payload for item in self.published if item.topic == self.event_topic]


@pytest.fixture
def broker() -> Broker:
    broker = Broker()
    yield broker
    broker.finals.stop()


def test_an_event_is_told_once(broker: Broker) -> None:
    broker.finals.heard(FINISHED)
    broker.echo(broker.published[-1])
    broker.finals.heard(FINISHED)
    assert broker.events() == [to_json(event_message(FINISHED))]


def test_what_the_broker_has_of_an_earlier_life_is_not_told_again() -> None:
    service, published, topics = FakeSpeechService(), list[Publication](), Topics("tts", "living")
    service.untold = [FINISHED]
    finals = FinalEvents(service, topics, published.append)
    finals.connected()
    finals.received(Message(topics.own("event"), to_json(event_message(FINISHED))))
    finals.received(Message(topics.own("mark"), published[0].payload))
    finals.stop()
    assert len(published) == 1


@pytest.mark.parametrize("kind", [EventType.FINISHED, EventType.CANCELLED])
def test_an_id_that_is_used_again_has_another_end(broker: Broker, kind: EventType) -> None:
    # One that is dropped at once is never told as queued.
    for _ in range(2):
        broker.finals.heard(Event(kind, "doorbell", reason="busy"))
        broker.echo(broker.published[-1])
    assert len(broker.events()) == 2
