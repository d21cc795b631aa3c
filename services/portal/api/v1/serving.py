"""The JSON API's table, and how one of its routes is served."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import HttpMethod, Request, Response, get
from litestar.handlers import HTTPRouteHandler

from services.portal.api.v1 import accounts, linking
from services.portal.api.v1.answers import show
from services.portal.api.v1.reading import JSON, KEY, check_type, id_from, read_key, read_message, token_in
from services.portal.api.v1.route import Route
from services.portal.web.asking import Caller
from services.portal.web.limits import Limits
from services.portal.web.problems import not_signed_in

PREFIX = "/api/v1"
DOCUMENT = Path(__file__).with_name("openapi.json").read_bytes()
ROUTES: tuple[Route, ...] = (*accounts.ROUTES, *linking.ROUTES)
LEFT_OUT = accounts.LEFT_OUT | linking.LEFT_OUT


async def serve(
    route: Route, request: Request[Any, Any, Any], caller: Caller, limits: Limits
) -> Response[bytes]:
    """Answer one request. Raises Problem for whatever isn't an outcome to be shown."""
    caller = replace(caller, token=token_in(request.headers.get("authorization", "")))
    if not caller.token and (route.is_for_account or route.head_field):
        raise not_signed_in()
    if route.is_limited:
        await limits.count(caller.network, route.name)
    key = read_key(request.headers.get(KEY), caller) if route.is_command else None
    message = read_message(
        route,
        request.path_params.items(),
        request.query_params.multi_items(),
        await _body(route, request),
        caller,
    )
    message_id = None if key is None else await id_from(key, route, message, caller)
    ask = caller.ask_as_me if route.is_for_account else caller.ask
    answer = await ask(message, message_id=message_id)
    return Response(
        msgspec.json.encode(show(answer, caller)),
        status_code=route.status,
        media_type=JSON,
        headers=_link(route, answer.message, request),
    )


async def _body(route: Route, request: Request[Any, Any, Any]) -> bytes:
    if route.body is None:
        return b""
    check_type(request.headers.get("content-type", ""))
    return await request.body()


def _link(route: Route, page: Any, request: Request[Any, Any, Any]) -> Mapping[str, str]:
    """Where the next page is, if there is one."""
    if route.next_page is None or not getattr(page, "has_more", True):
        return {}
    parameter, find = route.next_page
    after = find(page)
    if after is None:
        return {}
    asked = {**dict(request.query_params.multi_items()), parameter: str(after)}
    return {"link": f'<{request.url.path}?{urlencode(asked)}>; rel="next"'}


def _handler(route: Route) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any], caller: Caller, limits: Limits) -> Response[bytes]:
        return await serve(route, request, caller, limits)

    path = PREFIX + route.path.replace("}", ":str}")
    return HTTPRouteHandler(path, http_method=HttpMethod(route.method), status_code=route.status)(handle)


@get(f"{PREFIX}/openapi.json")
async def describe() -> Response[bytes]:
    """What this API is, in OpenAPI 3.1, as `nextgen documents` wrote it."""
    return Response(DOCUMENT, media_type=JSON)


HANDLERS: tuple[HTTPRouteHandler, ...] = (describe, *(_handler(route) for route in ROUTES))
