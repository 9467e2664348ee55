"""The MQTT door: every topic of one node, over one connection that lasts."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tts_daemon.domain import FINAL, Event
from tts_daemon.errors import InternalError, InvalidRequestError, NotReadyError, TtsError
from tts_daemon.inputs.messages import (
    command_of,
    decode,
    event_message,
    parse,
    refusal_event,
    snapshot_message,
    to_json,
)
from tts_daemon.inputs.mqtt.deliveries import Deliveries
from tts_daemon.inputs.mqtt.final_events import FinalEvents
from tts_daemon.inputs.mqtt.hermes import HermesBridge
from tts_daemon.inputs.mqtt.home_assistant import HomeAssistant
from tts_daemon.inputs.mqtt.pool import SynthesisPool
from tts_daemon.inputs.mqtt.receipts import Receipts
from tts_daemon.inputs.mqtt.session import MqttConnection
from tts_daemon.inputs.mqtt.streams import TextStreams
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication, Retry, Session
from tts_daemon.ports import Snapshot, SpeechService
from tts_daemon.requests import name_of
from tts_daemon.settings.schema import MqttSettings

log = logging.getLogger(__name__)

SOURCE = "mqtt"
Order = Callable[[Message], None]

_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*")')
"""The id of a request, and nothing inside a text: there, quotes are escaped."""


class MqttDoor:
    """Takes requests from a broker and publishes what becomes of them.

    `start` returns at once, whether or not there is a broker. New presets reach it by the player's
    snapshots; other settings of MQTT need a new door.
    """

    def __init__(
        self,
        service: SpeechService,
        settings: MqttSettings,
        retry: Retry | None = None,
        instance: str = "",
    ) -> None:
        """Prepare.

        Args:
            instance: Tells this daemon from all others, also when its node is called otherwise.
        """
        self._service = service
        self._topics = topics = Topics.of(settings)
        self._deliveries = Deliveries()
        self._streams = TextStreams(service, SOURCE)
        self._orders = self._own_orders()
        self._hermes = HermesBridge(service, settings.hermes)
        self._home_assistant = HomeAssistant(settings.home_assistant, topics, instance)
        self._finals = FinalEvents(service, topics, lambda item: self._connection.publish(item))
        session = Session(
            client_id=f"{topics.base}-{topics.node}",
            subscriptions=(
                *self._orders,
                topics.own("say/+"),
                topics.own("say/stream/+"),
                *self._hermes.subscriptions,
                *self._home_assistant.subscriptions,
                *self._finals.subscriptions,
            ),
            releases=self._hermes.releases,
            will_topic=topics.own("availability"),
            expiry_s=settings.session_expiry_s,
        )
        self._connection = MqttConnection(settings, session, self, retry, self._caught_up)
        self._handled: list[Message] = []
        self._receipts = Receipts(service.flush, self._connection.acknowledge)
        self._pool: SynthesisPool | None = None
        if settings.pool.enabled:
            self._pool = SynthesisPool(service, settings, retry)
        self._showing = threading.Lock()
        self._unsubscribe: Callable[[], None] = lambda: None

    def _own_orders(self) -> dict[str, Order]:
        topics = self._topics
        return {
            topics.own("say"): self._say,
            topics.everyone("say"): self._say,
            topics.own("command"): self._command,
            topics.everyone("command"): self._command,
            topics.own("volume/set"): self._set_volume,
            topics.own("speed/set"): self._set_speed,
            topics.own("preset/set"): self._set_preset,
        }

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._connection.keep(self._topics.own("availability"), b"online")
        # Held, so that what the player tells from now on comes after what it is at first.
        with self._showing:
            self._unsubscribe = self._service.subscribe(self._heard)
            self._show(self._service.snapshot())
        self._receipts.start()
        self._connection.start()
        if self._pool:
            self._pool.start()

    def stop(self) -> None:
        """Take no more requests, say that we are offline, and disconnect."""
        if self._pool:
            self._pool.stop()
        self._receipts.stop()
        self._streams.stop()
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._finals.stop()
        self._connection.keep(self._topics.own("availability"), b"offline")
        self._connection.stop()

    # ---- what the broker brings, on the connection's thread

    def connected(self, session_present: bool) -> None:
        """The broker has accepted us; a new session numbers its packets anew."""
        if not session_present:
            self._deliveries.forget()
            self._streams.forget_deliveries()
        self._publish(self._home_assistant.announce())
        self._finals.connected()

    def received(self, message: Message) -> None:
        """Obey a message; one that must wait is not acknowledged, and comes again."""
        try:
            self._obey(message)
        except NotReadyError:
            log.info("not ready for the message on %s; it stays with the broker", message.topic)
            return
        except TtsError as error:
            self._refuse(message, error)
        except Exception:
            log.exception("cannot handle the message on %s", message.topic)
            self._refuse(message, InternalError())
        self._handled.append(message)

    def _caught_up(self) -> None:
        """Let what came together be acknowledged, for which the journal waits for the disk once."""
        handled, self._handled = self._handled, []
        self._receipts.give(handled)

    def _obey(self, message: Message) -> None:
        topic = message.topic
        if topic in self._finals.subscriptions:
            self._finals.received(message)
        elif self._home_assistant.knows(topic):
            self._publish(self._home_assistant.learn(message))
            if self._home_assistant.is_birth(message):
                self._connection.send_kept_again()
        elif message.retained:
            log.info("ignored the retained message on %s: every restart would obey it", topic)
        elif topic in self._hermes.subscriptions:
            self._publish(self._hermes.obey(message))
        elif topic in self._orders:
            self._orders[topic](message)
        elif topic.startswith(self._topics.own("say/stream/")):
            self._streams.take(message, topic.rpartition("/")[2])
        elif topic.startswith(self._topics.own("say/")):
            self._say(message)
        else:
            # The session remembers what an earlier run subscribed to.
            log.info("ignored a message on %s: no topic of ours any more", topic)

    def _say(self, message: Message) -> None:
        request = parse(message.payload, SOURCE)
        request = replace(
            request,
            id=self._deliveries.earlier_id(message) or request.id,
            preset=self._topics.preset_of(message.topic) or request.preset,
        )
        self._deliveries.remember(message, request.id)
        position = self._service.submit(request, lasting=False)
        log.debug("%s: position %d", request.id, position)

    def _command(self, message: Message) -> None:
        self._service.command(command_of(_word(message).lower()))

    def _set_volume(self, message: Message) -> None:
        self._service.set_volume(_number(message))

    def _set_speed(self, message: Message) -> None:
        self._service.set_speed(_number(message))

    def _set_preset(self, message: Message) -> None:
        self._service.set_preset(_word(message))

    def _refuse(self, message: Message, error: TtsError) -> None:
        log.warning("refused the message on %s: %s", message.topic, error)
        self._service.count_refusal()
        self._tell(refusal_event(error, _id_in(message.payload), SOURCE))

    # ---- what the player tells, on any thread

    def _heard(self, news: Event | Snapshot) -> None:
        if isinstance(news, Snapshot):
            with self._showing:
                self._show(news)
            return
        if news.event_type in FINAL:
            self._finals.heard(news)
        else:
            self._tell(news)
        self._publish(self._hermes.heard(news))

    def _tell(self, event: Event) -> None:
        self._publish([Publication(self._topics.own("event"), to_json(event_message(event)))])

    def _show(self, snapshot: Snapshot) -> None:
        attributes = snapshot_message(snapshot)
        # Home Assistant lets no attribute be called `state`.
        attributes = {"player_state": attributes.pop("state"), **attributes}
        values = {
            "state": str(snapshot.state),
            "volume": f"{snapshot.volume:g}",
            "speed": f"{snapshot.speed:g}",
            "preset": snapshot.preset,
        }
        for name, value in values.items():
            self._connection.keep(self._topics.own(name), value.encode())
        self._connection.keep(self._topics.own("attributes"), to_json(attributes))
        self._publish(self._home_assistant.show_presets(snapshot.presets))

    def _publish(self, publications: Iterable[Publication]) -> None:
        for publication in publications:
            self._connection.publish(publication)


def _word(message: Message) -> str:
    return decode(message.payload).strip()


def _number(message: Message) -> Any:
    """The number that is written there, for the service to judge; what is none, as it stands."""
    word = _word(message)
    try:
        return float(word)
    except ValueError:
        return word


def _id_in(payload: bytes) -> str:
    """The id of a message that cannot be obeyed; empty where it has none that can be read.

    The sender wants to know which of its messages is broken even where the rest is not JSON.
    """
    found = _ID.search(payload) if payload.startswith(b"{") else None
    try:
        return name_of({"id": json.loads(found[1])}, "id") or "" if found else ""
    except (ValueError, InvalidRequestError):
        return ""
