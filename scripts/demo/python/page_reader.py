"""The front end for the page: texts to symbols, clause by clause, and to words with pinyin."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from tts_daemon.domain import Style
from tts_daemon.errors import TtsError
from tts_daemon.inputs.http.reading import described
from tts_daemon.inputs.http.symbols import clause_message
from tts_daemon.requests import request_of
from tts_daemon.synthesis.wanted_styles import WantedStyles
from tts_daemon.text.frontend import Frontend
from tts_daemon.text.symbols import VoiceTraits
from tts_daemon.voices.store import VoiceStore


class _Voices:
    def __init__(self, directory):
        self._store = VoiceStore([directory])
        self._known = {}

    def get(self, name=""):
        """A voice's package; read once."""
        if name not in self._known:
            self._known[name] = self._store.find(name)
        return self._known[name]


_voices = _Voices(Path(__file__).parent / "models")
_frontend = Frontend()


def voices(_):
    """Yield what the page offers, as `GET /api/voices` says it."""
    known = _voices.get().manifest
    yield {name: getattr(known, name) for name in ("name", "title", "emotions", "sample_rate")}


def symbols(request):
    """Yield the clauses of a request as messages for `web/synthesis`."""
    for clause in _read(request):
        yield clause_message(clause, _voices.get(clause.style.voice).manifest)


def reading(request):
    """Yield the sentences of a request, as `POST /api/reading` says it."""
    yield from described("", _read(request))["sentences"]


def answers(work, request):
    """Yield what one of these functions makes, as JSON; an error of ours has `error` and `code`."""
    try:
        for message in {"voices": voices, "symbols": symbols, "reading": reading}[work](request):
            yield json.dumps({"answer": message})
    except TtsError as error:
        yield json.dumps({"error": str(error), "code": error.code})


def _read(request):
    wanted = request_of(json.loads(request), "http")
    style = replace(Style(**_usual()), **wanted.overrides)
    styles = WantedStyles(_voices, style, print)

    def traits(asked):
        known = _voices.get(styles.met(asked).voice).manifest
        return VoiceTraits.of(known.symbols, known.untrained)

    for clause in _frontend.read(wanted.text, styles.outer, traits, print):
        yield replace(clause, style=styles.met(clause.style))


def _usual():
    known = _voices.get().manifest
    return asdict(Style(voice=known.name, emotion=known.emotions[0]))
