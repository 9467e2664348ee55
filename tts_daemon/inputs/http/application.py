"""Which path is answered by what: every route of the HTTP door."""

from __future__ import annotations

from aiohttp import web

from tts_daemon.inputs.http import metrics, pages
from tts_daemon.inputs.http.desk import Desk
from tts_daemon.inputs.http.guard import Guard, Handler, translate_errors
from tts_daemon.inputs.http.history import History
from tts_daemon.inputs.http.idle_eviction import IDLE_EVICTION, IdleEviction
from tts_daemon.inputs.http.in_browser import InBrowser
from tts_daemon.inputs.http.openai import OpenAi
from tts_daemon.inputs.http.openai_voices import OpenAiVoices
from tts_daemon.inputs.http.replies import refusal
from tts_daemon.inputs.http.requests import BodyLimits
from tts_daemon.inputs.http.speech import Speech
from tts_daemon.inputs.http.state import State
from tts_daemon.inputs.http.upkeep import Upkeep
from tts_daemon.inputs.rendering import Renderer
from tts_daemon.ports import SpeechService
from tts_daemon.settings.schema import HttpSettings
from tts_daemon.voices.store import VoiceStore


def make_application(
    service: SpeechService,
    renderer: Renderer,
    voices: VoiceStore,
    settings: HttpSettings,
    max_characters: int,
    desk: Desk,
) -> web.Application:
    """Put guard and routes together. Arguments as those of `HttpDoor`."""
    limits = BodyLimits(max_characters, settings.timeout_s)
    guard = Guard(settings)
    requests = metrics.Requests(service.count_refusal)
    application = web.Application(
        middlewares=[_hear, requests.count, translate_errors, guard.check],
        client_max_size=limits.max_bytes,
    )
    application[metrics.REQUESTS] = requests
    application[IDLE_EVICTION] = IdleEviction(settings.timeout_s)
    application.on_response_prepare.append(guard.sign)
    speech = Speech(service, renderer, limits)
    history = History(service, shows_text=settings.show_texts)
    state = State(service, renderer, voices, limits, history)
    application.add_routes(
        [
            *speech.routes(),
            *OpenAi(OpenAiVoices(service, settings.voices), speech, limits).routes(),
            *state.routes(),
            *InBrowser(service, renderer, voices, limits).routes(),
            *Upkeep(desk, limits, has_token=bool(settings.token)).routes(),
            *pages.routes(),
        ]
    )

    async def stop(_: web.Application) -> None:
        state.stopping.set()
        history.close()

    application.on_shutdown.append(stop)
    return application


@web.middleware
async def _hear(request: web.Request, handler: Handler) -> web.StreamResponse:
    eviction = request.app[IDLE_EVICTION]
    eviction.head_came(request)
    if not eviction.may_ask(request):
        return _refused(request)
    try:
        return await handler(request)
    finally:
        eviction.heard(request)
        eviction.answered(request)


def _refused(request: web.Request) -> web.Response:
    message = "too many clients are connected (http.connections)"
    response = refusal(request, 503, "not_ready", message)
    response.force_close()
    return response
