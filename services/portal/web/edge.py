"""Around every route: what is let in, how long it may take, what each answer's head says, one log line."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from services.portal.settings import Settings
from services.portal.web.browsing import HTML_TYPE, problem_page, wants_page
from services.portal.web.callers import is_cross_site, network_of
from services.portal.web.problems import JSON_TYPE, Problem
from shared.clock import Clock
from shared.logs import describe
from shared.messaging.ids import new_id
from shared.metrics import HTTP_SECONDS

BODY_SECONDS = 10.0
"""For which a whole body is waited: who sends slower is let go."""
DROPPED_BYTES, DROPPING_SECONDS = 1024 * 1024, 2.0
FIRST_REFUSAL, TOO_SLOW, GONE = 400, 408, 499
CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
NO_STORE = "no-store"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class Edge:
    """Every request passes here before the routes, and its answer on the way back."""

    def __init__(self, app: ASGIApp, settings: Settings, clock: Clock) -> None:
        self._app, self._settings, self._clock = app, settings, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, refused or passed on."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began, request_id = time.perf_counter(), new_id(self._clock())
        headers = _joined(scope["headers"])
        is_page = wants_page(scope["path"], headers.get("accept", ""))
        body = _Body(receive, BODY_SECONDS)
        method = scope["method"]
        answered = _Answered(send, request_id, body, is_head=method == "HEAD")
        try:
            # Who asks for the head alone gets that of the page itself, from whatever route has it.
            scope["method"] = "GET" if method == "HEAD" else method
            scope["state"] = {
                **scope.get("state", {}),
                "request_id": request_id,
                "network": self._network(scope, headers),
            }
            if problem := self._refuse(scope, headers):
                await _send_problem(problem, request_id, answered, is_page=is_page)
            else:
                await self._app(scope, body.receive, answered)
        except Exception as error:
            structlog.get_logger().error("http_failed", correlation_id=str(request_id), error=describe(error))
            if not answered.status:
                await _send_problem(_broken(), request_id, answered, is_page=is_page)
        finally:
            _note(scope, method, request_id, answered.status, time.perf_counter() - began)

    def _network(self, scope: Scope, headers: dict[str, str]) -> str:
        peer = scope.get("client")
        forwarded = headers.get("x-forwarded-for", "")
        return network_of(peer[0] if peer else "127.0.0.1", forwarded, self._settings.proxies)

    def _refuse(self, scope: Any, headers: dict[str, str]) -> Problem | None:
        if headers.get("host") != self._settings.host:
            return Problem(
                421, "wrong_host", "Wrong host", f"This is {self._settings.host}: ask for it by that name."
            )
        if is_cross_site(scope["method"], headers, self._settings.origin):
            return Problem(
                403, "cross_site", "Sent from another site", "Open the page itself, and send it from there."
            )
        return None


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name; what comes in several lines is one list, as proxies that each add a line mean it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class _Answered:
    """Passes an answer on, with what each head says, and remembers its status; 0 until it has begun."""

    def __init__(self, send: Send, request_id: UUID, body: "_Body", *, is_head: bool) -> None:
        self._send, self._request_id, self._body, self._is_head = send, request_id, body, is_head
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.status >= FIRST_REFUSAL and self.status != TOO_SLOW:
                await self._body.drop()
            said = {name for name, _ in message["headers"]}
            own = HEADERS | {"cache-control": NO_STORE, "request-id": str(self._request_id)}
            more = [(k.encode(), v.encode()) for k, v in own.items() if k.encode() not in said]
            message["headers"] = [*message["headers"], *more]
        elif self._is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)


class _Body:
    """The parts of a body, all of them until a deadline; from then on it is as if the sender had gone."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive, self._seconds = receive, seconds
        self._end = asyncio.get_running_loop().time() + seconds
        self._is_whole = False

    async def receive(self) -> Any:
        """The next part. Raises Problem when the time is over, or the sender has gone."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._end):
                message = await self._receive()
        except TimeoutError:
            raise Problem(
                408,
                "too_slow",
                "Too slow",
                f"A request is waited for {self._seconds:.0f} seconds; send it again.",
            ) from None
        if message["type"] != "http.request":
            self._is_whole = True
            raise Problem(GONE, "gone", "Gone", "Whoever asked went away before all of it was sent.")
        self._is_whole = not message.get("more_body", False)
        return message

    async def drop(self) -> None:
        """Take what is still on its way, and nothing of it: whose sending is cut off reads no refusal."""
        dropped = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DROPPING_SECONDS):
                while not self._is_whole and dropped < DROPPED_BYTES:
                    message: Any = await self._receive()
                    self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
                    dropped += len(message.get("body", b""))


async def _send_problem(
    problem: Problem, request_id: UUID, send: Callable[[Any], Any], *, is_page: bool
) -> None:
    if is_page:
        body, media_type = problem_page(problem, str(request_id)).encode(), f"{HTML_TYPE}; charset=utf-8"
    else:
        body, media_type = msgspec.json.encode(problem.shown(str(request_id))), JSON_TYPE
    headers = {"content-type": media_type, "content-length": str(len(body)), **problem.headers}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _broken() -> Problem:
    return Problem(500, "broken", "Our mistake", "This didn't work, and not because of the request.")


def _note(scope: Any, asked: str, request_id: UUID, status: int, seconds: float) -> None:
    """One line a request: the route as it is written in the table, never what stood in its place."""
    method = asked if asked in METHODS else "other"
    route = scope.get("path_template") or "none"
    HTTP_SECONDS.labels(route, method, str(status)).observe(seconds)
    structlog.get_logger().info(
        "http_request",
        correlation_id=str(request_id),
        method=method,
        route=route,
        status=status,
        seconds=round(seconds, 4),
    )
