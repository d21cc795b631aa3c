"""The route table of the edge: which address does what."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ControllerRouterHandler

from services.portal.api import courts, cso
from services.portal.api.v1 import serving as api_v1
from services.portal.pages.routes import PAGES
from services.portal.settings import Settings
from services.portal.web.asking import Caller, Services
from services.portal.web.browsing import Browser, browser_of, load, show_problem, wants_page
from services.portal.web.cookies import SESSION
from services.portal.web.edge import Edge
from services.portal.web.forms import form_of, refuse_strange_form
from services.portal.web.limits import Limits
from services.portal.web.problems import JSON_TYPE, Problem
from services.portal.web.static import send_file

ROUTES: tuple[ControllerRouterHandler, ...] = (
    cso.authenticate,
    cso.log_out,
    courts.report_usage,
    courts.show_batch,
    courts.find_filers,
    *api_v1.HANDLERS,
    send_file,
    Router("/", route_handlers=PAGES, before_request=refuse_strange_form),
)
BODY_BYTES = 64 * 1024
Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def make_app(settings: Settings, services: Services, lifespan: tuple[Lifespan, ...] = ()) -> ASGIApp:
    """The edge with all its routes, asking these services."""
    load(settings.service_center_phone)
    limits = Limits(settings.requests_a_minute)

    async def find_caller(request: Request[Any, Any, Any]) -> Caller:
        state = request.scope["state"]
        return Caller(
            services=services,
            network=state["network"],
            request_id=state["request_id"],
            token=request.cookies.get(SESSION, ""),
        )

    async def find_limits() -> Limits:
        return limits

    async def find_browser(request: Request[Any, Any, Any]) -> Browser:
        return browser_of(request)

    app = Litestar(
        ROUTES,
        dependencies={
            "caller": Provide(find_caller),
            "limits": Provide(find_limits),
            "browser": Provide(find_browser),
            "form": Provide(form_of),
        },
        exception_handlers={Problem: _say_problem, HTTPException: _say_refusal, Exception: _pass_on},
        lifespan=lifespan,
        request_max_body_size=BODY_BYTES,
        openapi_config=None,
        logging_config=None,
        include_in_schema=False,
    )
    return Edge(app, settings, services.clock)


def _say_problem(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    request_id = str(request.scope["state"]["request_id"])
    if wants_page(request.url.path, request.headers.get("accept", "")):
        return show_problem(browser_of(request), problem, request_id)
    return Response(
        problem.shown(request_id),
        status_code=problem.status,
        media_type=JSON_TYPE,
        headers=dict(problem.headers),
    )


def _say_refusal(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework refuses by itself: no such address, another method, too long a body."""
    title, detail = _REFUSALS.get(error.status_code, ("Not understood", "The request can't be read."))
    problem = Problem(error.status_code, "refused", title, detail)
    said = _say_problem(request, problem)
    said.headers.update(error.headers or {})
    return said


def _pass_on(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Our mistakes are written down and answered where every request passes."""
    raise error


_REFUSALS = {
    404: ("Not found", "There is nothing at this address."),
    405: ("Not this way", "This address is asked in another way: see the header Allow."),
    413: ("Too long", "The request is longer than this address takes."),
}
