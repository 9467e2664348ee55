"""The shared pool: several daemons synthesise for whoever asks, text in, WAV out.

The broker deals each request to one member of the group (a shared subscription) and keeps it in
that member's session until the member acknowledges it, which it does when the broker has the
answer. A request dealt to a member that is gone would stay there, so every member announces itself
on a retained topic with a last will, and another one takes over the session of a member that is
gone. Nothing is lost; an answer may come twice.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import cast

from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.errors import InvalidRequestError, NotReadyError, QueueFullError, TtsError
from tts_daemon.inputs.messages import MAX_CHARACTERS, error_message, parse
from tts_daemon.inputs.mqtt.adoption import OFFLINE, ONLINE, Adoption, Adoptions
from tts_daemon.inputs.mqtt.session import MqttConnection
from tts_daemon.inputs.mqtt.topics import PoolTopics
from tts_daemon.inputs.mqtt.values import Message, Publication, Retry, Session
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import MqttSettings
from tts_daemon.sound.pcm import to_pcm
from tts_daemon.sound.wav import WavWriter

log = logging.getLogger(__name__)

TICK_S = 0.25
"""Time between looks at members that are gone, while there are any."""
HEADER_BYTES = 1024
"""Room for topic and properties of an answer."""
BUSY_S = 0.2
"""Time between attempts while everything that makes speech is in use."""
WILL_DELAY_S = 2
"""Time that a member has to come back before the others take over."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request, and where it came from: our own session, or one that we took over."""

    message: Message
    origin: MqttConnection


class SynthesisPool:
    """One member of the pool. `start` never blocks."""

    def __init__(
        self,
        service: SpeechService,
        settings: MqttSettings,
        *,
        max_characters: int = MAX_CHARACTERS,
        retry: Retry | None = None,
    ) -> None:
        self._service = service
        self._settings = settings
        self._max_characters = max_characters
        self._topics = topics = PoolTopics.of(settings)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-pool", daemon=True)
        session = Session(
            client_id=topics.client_id(topics.node),
            subscriptions=(topics.shared_requests,),
            watches=(topics.member("+"),),
            releases=(topics.drained(topics.node),),
            will_topic=topics.member(topics.node),
            will_delay_s=WILL_DELAY_S,
            expiry_s=settings.session_expiry_s,
            receive_maximum=1,
            needs_mqtt5=True,
            log_level=logging.DEBUG,
        )
        self._connection = MqttConnection(settings, session, self, retry)
        self._adoptions = Adoptions(topics.node, self._adopt)

    def start(self) -> None:
        """Begin to connect, in the background."""
        if self._settings.pool.enabled:
            self._announce(ONLINE)
            self._thread.start()
            self._connection.start()

    def stop(self) -> None:
        """Leave what is not answered yet to the others, and disconnect."""
        if not self._thread.is_alive():
            return
        self._stopping.set()
        self._jobs.put(None)
        self._thread.join()
        self._adoptions.close()
        self._announce(OFFLINE)
        self._connection.stop()

    # ---- what the broker brings, on the connection's thread

    def connected(self, session_present: bool) -> None:
        """The broker has accepted us; it deals to us from now on."""
        log.debug("joined the pool; session present: %s", session_present)

    def received(self, message: Message) -> None:
        """A request, news of a member, or a mark left by whoever had our session for a while."""
        if message.topic == self._topics.requests:
            self._jobs.put(Job(message, self._connection))
        elif message.topic == self._topics.drained(self._topics.node):
            self._connection.acknowledge(message)
        else:
            self._heard(message)

    def _heard(self, message: Message) -> None:
        member = self._topics.member_of(message.topic)
        state = message.payload.decode("utf-8", "replace")
        if member != self._topics.node:
            self._adoptions.member_is(member, state)
            self._jobs.put(None)
        elif state != ONLINE and not self._stopping.is_set():
            # Our will, or a member that took over while we were away, says what is no longer so.
            self._connection.send_kept_again()

    # ---- the worker's thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                job = self._jobs.get(timeout=TICK_S if self._adoptions.are_any else None)
            except queue.Empty:
                job = None
            if job is not None:
                self._do(job)
            self._adoptions.tick()

    def _adopt(self, member: str) -> Adoption:
        log.info("pool member %s is gone; taking over its requests", member)
        return Adoption(
            member,
            self._settings,
            self._topics,
            lambda message, origin: self._jobs.put(Job(message, origin)),
        )

    def _announce(self, state: str) -> None:
        self._connection.keep(self._topics.member(self._topics.node), state.encode())

    def _do(self, job: Job) -> None:
        """Answer a request; without an answer it stays in its session and comes again."""
        message = job.message
        if not job.origin.is_current(message):
            return
        if not _is_answerable(message):
            log.warning("ignored a request on %s: it names no response topic", message.topic)
            job.origin.acknowledge(message)
            return
        try:
            payload, content_type = self._answer(message.payload)
        except NotReadyError:
            return
        self._connection.publish(
            Publication(
                message.response_topic,
                payload,
                correlation=message.correlation,
                content_type=content_type,
                confirmed=lambda: job.origin.acknowledge(message),
            )
        )

    def _answer(self, payload: bytes) -> tuple[bytes, str]:
        """Returns: the answer and its media type. Raises NotReadyError when we are to stop."""
        try:
            return self._render(payload), "audio/wav"
        except NotReadyError:
            raise
        except TtsError as problem:
            error = problem
        except Exception:
            log.exception("cannot synthesise for the pool")
            error = TtsError("internal error; see the log of the daemon")
        return _json(error_message(error)), "application/json"

    def _render(self, payload: bytes) -> bytes:
        request = parse(payload, "mqtt", max_characters=self._max_characters)
        wav = self._wav(request)
        limit_bytes = self._connection.maximum_packet_bytes
        if limit_bytes is not None and len(wav) + HEADER_BYTES > limit_bytes:
            raise InvalidRequestError(
                f"text: its speech of {len(wav)} bytes is more than the broker takes, {limit_bytes}"
            )
        return wav

    def _wav(self, request: SpeakRequest) -> bytes:
        while not self._stopping.is_set():
            try:
                return self._wav_of(self._service.render(request))
            except QueueFullError:
                # Others have speech made for them too; here somebody waits who can wait.
                self._stopping.wait(BUSY_S)
        raise NotReadyError("stopping")

    def _wav_of(self, made: Iterator[AudioChunk]) -> bytes:
        file = io.BytesIO()
        writer: WavWriter | None = None
        with contextlib.closing(cast("Generator[AudioChunk]", made)) as chunks:
            for chunk in chunks:
                if self._stopping.is_set():
                    raise NotReadyError("stopping")
                writer = writer or WavWriter(file, chunk.sample_rate)
                writer.write(to_pcm(chunk.samples))
        if writer is None:
            raise InvalidRequestError("text: holds nothing to speak")
        writer.finish()
        return file.getvalue()


def _is_answerable(message: Message) -> bool:
    topic = message.response_topic
    return bool(topic) and not set(topic) & {"+", "#", "\0"}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
