"""How many requests were answered, and how, in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from aiohttp import web

from tts_daemon.inputs.http.guard import Handler
from tts_daemon.metrics.prometheus import family


class Requests:
    """Counts answers by route and status."""

    def __init__(self, refused: Callable[[], None]) -> None:
        """`refused` is called for each answer that says no."""
        self._refused = refused
        self._counts: Counter[tuple[str, int]] = Counter()

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through and count how it was answered."""
        response = await handler(request)
        resource = request.match_info.route.resource
        # An unknown path is the client's choice: naming it would let clients fill our memory.
        self._counts[resource.canonical if resource else "other", response.status] += 1
        if response.status >= 400:
            self._refused()
        return response

    def lines(self) -> Iterator[str]:
        """One line for each route and status."""
        answers = {
            f'{{route="{route}",status="{status}"}}': count
            for (route, status), count in sorted(self._counts.items())
        }
        meaning = "Answers by route and status."
        yield from family("counter", "tts_http_requests_total", meaning, answers)


REQUESTS = web.AppKey("requests", Requests)
