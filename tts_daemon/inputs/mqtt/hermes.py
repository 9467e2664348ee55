"""Answers as the text-to-speech service of Rhasspy and Snips (the Hermes protocol), off by default.

Source: the Hermes reference of Rhasspy. It is off because two services that answer one
`hermes/tts/say` speak twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tts_daemon import checks
from tts_daemon.domain import FINAL, Event, EventType, SpeakRequest
from tts_daemon.errors import InvalidRequestError, NotReadyError, TtsError
from tts_daemon.inputs.messages import read_object, to_json
from tts_daemon.inputs.mqtt.values import Message, Publication
from tts_daemon.ports import SpeechService
from tts_daemon.requests import field, request_of
from tts_daemon.settings.schema import HermesSettings

log = logging.getLogger(__name__)

SAY = "hermes/tts/say"
SAY_FINISHED = "hermes/tts/sayFinished"
ERROR = "hermes/error/tts"
START_SESSION = "hermes/dialogueManager/startSession"
GET_VOICES = "rhasspy/tts/getVoices"
VOICES = "rhasspy/tts/voices"
SET_VOLUME = "rhasspy/audioServer/setVolume"

DEFAULT_SITE = "default"
_SOURCE = "hermes"
_PROBLEMS = (EventType.EXPIRED, EventType.FAILED)

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """Who waits for `sayFinished`. Copied from the `say` as they were, hence any JSON value."""

    id: Any = None
    session_id: Any = None
    site_id: str = DEFAULT_SITE

    @classmethod
    def of(cls, fields: Fields, site_id: str) -> Call:
        """The caller that a message names."""
        return cls(fields.get("id"), fields.get("sessionId"), site_id)

    def finished(self) -> Publication:
        """What the caller waits for, after an error too."""
        return _publication(
            SAY_FINISHED,
            {"siteId": self.site_id, "id": self.id, "sessionId": self.session_id},
        )

    def error(self, text: str) -> Publication:
        """What went wrong."""
        names = {"siteId": self.site_id, "context": self.id, "sessionId": self.session_id}
        return _publication(ERROR, {"error": text, **names})


class HermesBridge:
    """Translates between Hermes messages and the player."""

    def __init__(self, service: SpeechService, settings: HermesSettings) -> None:
        self._service = service
        self._settings = settings
        self._calls: dict[str, Call] = {}
        self._handlers: dict[str, Callable[[Fields], list[Publication]]] = {
            SAY: self._say,
            START_SESSION: self._start_session,
            GET_VOICES: self._get_voices,
            SET_VOLUME: self._set_volume,
            SAY_FINISHED: self._other_finished,
        }

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Topics whose messages belong to `obey`."""
        return tuple(self._handlers) if self._settings.enabled else ()

    @property
    def releases(self) -> tuple[str, ...]:
        """Topics that an earlier run may have subscribed to, and that are none of ours now."""
        return () if self._settings.enabled else tuple(self._handlers)

    def obey(self, message: Message) -> list[Publication]:
        """Do what a message asks.

        Returns:
            The answers that can be given at once.

        Raises:
            NotReadyError: Starting or stopping; the message should come again.
        """
        site_id = self._settings.site_id
        try:
            fields = read_object(message.payload)
            named = fields.get("siteId") or DEFAULT_SITE
            if named != site_id:
                log.info("ignored %s for siteId %r; ours is %r", message.topic, named, site_id)
                return []
            return self._handlers[message.topic](fields)
        except NotReadyError:
            raise
        except TtsError as error:
            log.warning("refused the message on %s: %s", message.topic, error)
            self._service.count_refusal()
            return [Call(site_id=site_id).error(str(error))]

    def heard(self, event: Event) -> list[Publication]:
        """Tell the caller when its utterance has ended, however it ended."""
        if event.source != _SOURCE or event.event_type not in FINAL:
            return []
        # A request that was spoken after a restart has no session any more, but it has its id.
        unknown = Call(id=event.id, site_id=self._settings.site_id)
        call = self._calls.pop(event.id, unknown)
        problem = [call.error(event.message or event.reason or str(event.event_type))]
        return [*(problem if event.event_type in _PROBLEMS else []), call.finished()]

    def _say(self, fields: Fields) -> list[Publication]:
        wanted = {
            "text": fields.get("text"),
            "id": fields.get("id"),
            "volume": fields.get("volume"),
        }
        return self._speak(wanted, Call.of(fields, self._settings.site_id))

    def _start_session(self, fields: Fields) -> list[Publication]:
        """A notification is a dialogue in which only we speak; other dialogues are not ours."""
        start = fields.get("init")
        if not isinstance(start, dict) or start.get("type") != "notification":
            log.info("ignored %s: only init.type notification is spoken", START_SESSION)
            return []
        call = Call(site_id=self._settings.site_id)
        return self._speak({"text": start.get("text")}, call)

    def _speak(self, wanted: Fields, call: Call) -> list[Publication]:
        try:
            scaled = wanted | {"volume": _percent(wanted.get("volume"))}
            return self._submit(request_of(scaled, _SOURCE), call)
        except NotReadyError:
            raise
        except TtsError as error:
            log.warning("refused a text by Hermes: %s", error)
            self._service.count_refusal()
            return [call.error(str(error)), call.finished()]

    def _submit(self, request: SpeakRequest, call: Call) -> list[Publication]:
        is_new = request.id not in self._calls
        # Before the submission, because the utterance may end before that returns.
        self._calls.setdefault(request.id, call)
        is_accepted = False
        try:
            is_accepted = self._service.submit(request, lasting=False) >= 0
        finally:
            if is_new and not is_accepted:
                self._calls.pop(request.id, None)
        was_spoken_before = is_new and not is_accepted
        return [call.finished()] if was_spoken_before else []

    def _get_voices(self, fields: Fields) -> list[Publication]:
        voices = [
            {"voiceId": name, "description": name} for name in self._service.snapshot().voices
        ]
        answer = {"voices": voices, "id": fields.get("id"), "siteId": self._settings.site_id}
        return [_publication(VOICES, answer)]

    def _set_volume(self, fields: Fields) -> list[Publication]:
        percent = _percent(fields.get("volume"))
        if percent is None:
            raise InvalidRequestError("volume: is missing")
        self._service.set_volume(percent)
        return []

    def _other_finished(self, fields: Fields) -> list[Publication]:
        """Our own answer comes after the call was struck off, so this one is somebody else's."""
        name = fields.get("id")
        if isinstance(name, str) and name in self._calls:
            log.warning("another service finished our %s: two services speak every text", name)
        return []


def _percent(volume: Any) -> float | None:
    """0 (off) to 1 (full) -> 0 to 100."""
    if volume is None:
        return None
    return 100 * field("volume", lambda given: checks.number(given, 0, 1), volume)


def _publication(topic: str, fields: Fields) -> Publication:
    return Publication(topic, to_json(fields))
