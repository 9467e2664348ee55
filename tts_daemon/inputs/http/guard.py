"""Who may ask, and how: token, host names, origins, and what becomes of errors."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from tts_daemon.errors import InternalError, TooLongError, TtsError
from tts_daemon.inputs.http import pages
from tts_daemon.inputs.http.replies import failure, refusal
from tts_daemon.settings.schema import HttpSettings

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
}


class Guard:
    """Looks at every request before its handler does."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        # What may be had without the token; the page asks its user for it.
        self._open = frozenset({*pages.files(), "/healthz", "/readyz"})
        name = socket.gethostname().lower()
        self._hosts = {"localhost", name, f"{name}.local", *map(str.lower, settings.names)}

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request in, or say why not."""
        refused = self._refused(request)
        if refused is not None:
            log.info("http: refused %s %s from %s", request.method, request.path, request.remote)
            return refused
        if request.method == "OPTIONS" and self._is_friend(request):
            return web.Response(status=204)
        return await handler(request)

    def _refused(self, request: web.Request) -> web.Response | None:
        if self._came_by_proxy(request):
            return None
        if not self._knows_host(request.host):
            message = f"host: {request.host!a:.80} is no name of this machine (http.names)"
            return refusal(request, 421, "misdirected", message)
        if not (self._is_own_page(request) or self._is_friend(request)):
            message = "origin: web pages of other origins may not ask (http.origins)"
            return refusal(request, 403, "forbidden", message)
        if request.method != "OPTIONS" and not self._has_token(request):
            response = refusal(request, 401, "unauthorized", "token: is missing or wrong")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        return None

    def _came_by_proxy(self, request: web.Request) -> bool:
        """Whether somebody who examines for us has let it in, such as Home Assistant's ingress."""
        return request.remote in self._settings.proxies

    def _knows_host(self, host: str) -> bool:
        """Whether it is an address, or a name of ours.

        A page of another machine whose name was bound to our address (DNS rebinding) has a name.
        """
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        return name in self._hosts or _is_address(name)

    def _is_own_page(self, request: web.Request) -> bool:
        """Whether the request comes from a page of ours, or from no page at all."""
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        try:
            return urlsplit(origin).netloc == request.host
        except ValueError:
            return False

    def _is_friend(self, request: web.Request) -> bool:
        return request.headers.get("Origin") in self._settings.origins

    def _has_token(self, request: web.Request) -> bool:
        token = self._settings.token
        if not token or request.path in self._open:
            return True
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
        return scheme.lower() == "bearer" and is_right

    async def sign(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add what every answer carries, before its head is sent."""
        response.headers.update({**_SAFETY, **pages.safety(request)})
        if self._came_by_proxy(request):
            policy = response.headers["Content-Security-Policy"]
            framed = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
            response.headers["Content-Security-Policy"] = framed
        if self._is_friend(request):
            response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Vary"] = "Origin"


@web.middleware
async def translate_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes an answer of ours."""
    try:
        return await handler(request)
    except TtsError as error:
        log.info("http: refused %s: %s", request.path, error)
        return failure(request, error)
    except web.HTTPRequestEntityTooLarge as error:
        return failure(request, TooLongError(f"message: {error.text}"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = error.reason.lower().replace(" ", "_")
        return refusal(request, error.status, code, error.text or error.reason)
    except TimeoutError:
        return refusal(request, 408, "timeout", "the request did not come in time")
    except ConnectionError:
        raise
    except Exception:
        log.exception("http: cannot answer %s %s", request.method, request.path)
        return failure(request, InternalError())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
