"""Figures in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aiohttp import web

from tts_daemon import __version__
from tts_daemon.domain import PlayerState
from tts_daemon.inputs.http.guard import Handler
from tts_daemon.ports import Snapshot


class Requests:
    """Counts answers by route and status."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through and count how it was answered."""
        response = await handler(request)
        resource = request.match_info.route.resource
        # An unknown path is the client's choice: naming it would let clients fill our memory.
        self._counts[resource.canonical if resource else "other", response.status] += 1
        return response

    def lines(self) -> Iterator[str]:
        """One line for each route and status."""
        yield "# TYPE tts_http_requests_total counter"
        for (route, status), count in sorted(self._counts.items()):
            yield f'tts_http_requests_total{{route="{route}",status="{status}"}} {count}'


REQUESTS = web.AppKey("requests", Requests)


def of_player(now: Snapshot) -> Iterator[str]:
    """The player at one moment."""
    yield "# TYPE tts_info gauge"
    yield f'tts_info{{version="{__version__}"}} 1'
    yield "# TYPE tts_state gauge"
    for state in PlayerState:
        yield f'tts_state{{state="{state}"}} {int(now.state == state)}'
    gauges = {
        "tts_queued_utterances": now.queued,
        "tts_volume_percent": now.volume,
        "tts_last_first_audio_seconds": _seconds(now.last_first_audio_ms),
        "tts_last_real_time_factor": now.last_real_time_factor,
    }
    for name, value in gauges.items():
        if value is not None:
            yield f"# TYPE {name} gauge"
            yield f"{name} {value:g}"
    yield "# TYPE tts_utterances_total counter"
    for name, count in sorted(now.counters.items()):
        yield f'tts_utterances_total{{kind="{name}"}} {count}'


def _seconds(value_ms: float | None) -> float | None:
    return None if value_ms is None else value_ms / 1000
