"""The shared pool: several daemons synthesise for whoever asks, text in, WAV out.

The broker deals each request to one member of the group (a shared subscription) and delivers it
again to a member that was away for a moment. A synthesis has no effect but its answer, so whoever
waits for one may ask again at any time: nothing more is needed when a member is gone for good.
"""

from __future__ import annotations

import contextlib
import io
import logging
import queue
import threading
from collections.abc import Generator, Iterator
from typing import cast

from tts_daemon.domain import AudioChunk, SpeakRequest
from tts_daemon.errors import (
    InternalError,
    InvalidRequestError,
    NotReadyError,
    QueueFullError,
    TtsError,
)
from tts_daemon.inputs.messages import error_message, parse, to_json
from tts_daemon.inputs.mqtt.session import MqttConnection
from tts_daemon.inputs.mqtt.topics import Topics
from tts_daemon.inputs.mqtt.values import Message, Publication, Retry, Session
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import MqttSettings
from tts_daemon.sound.pcm import to_pcm
from tts_daemon.sound.wav import WavWriter

log = logging.getLogger(__name__)

HEADER_BYTES = 1024
"""Room for topic and properties of an answer."""
BUSY_S = 0.2
"""Time between attempts while everything that makes speech is in use."""
EXPIRY_S = 5
"""Time for which the broker keeps what it has dealt to a member that is away."""


class SynthesisPool:
    """One member of the pool. `start` never blocks."""

    def __init__(
        self,
        service: SpeechService,
        settings: MqttSettings,
        retry: Retry | None = None,
    ) -> None:
        self._service = service
        self._requests: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mqtt-pool", daemon=True)
        topics = Topics.of(settings)
        session = Session(
            client_id=f"{topics.base}-pool-{topics.node}",
            subscriptions=(topics.shared(settings.pool.group),),
            expiry_s=EXPIRY_S,
            receive_maximum=1,
            needs_mqtt5=True,
        )
        self._connection = MqttConnection(settings, session, self, retry)

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()
        self._connection.start()

    def stop(self) -> None:
        """Leave what is not answered yet to whoever asks again, and disconnect."""
        self._stopping.set()
        self._requests.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._connection.stop()

    # ---- what the broker brings, on the connection's thread

    def connected(self, session_present: bool) -> None:
        """The broker has accepted us; it deals to us from now on."""
        log.info("joined the pool; session present: %s", session_present)

    def received(self, message: Message) -> None:
        """A request."""
        self._requests.put(message)

    # ---- the worker's thread

    def _run(self) -> None:
        while (message := self._requests.get()) is not None:
            if not self._connection.is_current(message):
                continue  # it comes again
            with contextlib.suppress(NotReadyError):
                self._answer(message)

    def _answer(self, message: Message) -> None:
        """Send the answer, once. Raises NotReadyError when we are to stop."""
        if not _is_answerable(message):
            log.warning("ignored a request on %s: it names no response topic", message.topic)
            self._connection.acknowledge(message)
            return
        payload, content_type = self._made_of(message.payload)
        self._connection.acknowledge(message)
        self._connection.publish(
            Publication(
                message.response_topic,
                payload,
                correlation=message.correlation,
                content_type=content_type,
                fleeting=True,
            )
        )

    def _made_of(self, payload: bytes) -> tuple[bytes, str]:
        """Returns: the answer and its media type. Raises NotReadyError when we are to stop."""
        try:
            return self._render(payload), "audio/wav"
        except NotReadyError:
            raise
        except TtsError as problem:
            error = problem
        except Exception:
            log.exception("cannot synthesise for the pool")
            error = InternalError()
        self._service.count_refusal()
        return to_json(error_message(error)), "application/json"

    def _render(self, payload: bytes) -> bytes:
        request = parse(payload, "mqtt")
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
    """Whether it names a topic that a client may publish on."""
    topic = message.response_topic
    return bool(topic) and not topic.startswith("$") and not set(topic) & {"+", "#", "\0"}
