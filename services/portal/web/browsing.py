"""A browser that asks for a page: what it keeps for us, and how it is answered."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, unquote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie

from services.portal.web import static
from services.portal.web.callers import SAFE_METHODS
from services.portal.web.cookies import NOTICE, NOTICE_SECONDS, SESSION, VISITOR, forget, form_token, keep
from services.portal.web.problems import NOT_SIGNED_IN, Problem

Kind = Literal["success", "warning", "error"]
"""Of what is said on top of a page: done, done and yet to be minded, not done."""
TEMPLATES = Path(__file__).parent.parent / "templates"
HTML_TYPE = "text/html"
FOR_PROGRAMS = ("/api/", "/courts/v1/", "/services/")
SENT_IN_VAIN = (
    "You are not signed in any more. If you had sent this before, it may have been done then, and have ended"
    " the session: look before you send it again."
)
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
NAVIGATION = (
    ("/", "Home"),
    ("/courts", "My courts"),
    ("/usage", "My quarter"),
    ("/security", "Security"),
)
"""What somebody who is signed in finds on top of each page: where, and what it is called there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser, where it is, by which request, and its cookies; `visitor` was just made up if `is_new`."""

    path: str
    request_id: str = ""
    session: str = ""
    visitor: str = ""
    is_new: bool = False
    is_sending: bool = False
    notice: str = ""
    notice_kind: Kind = "success"

    @property
    def form_token(self) -> str:
        """What its forms carry."""
        return form_token(self.session or self.visitor)

    def show(self, template: str, *, status: int = 200, **values: Any) -> Response[str]:
        """A page. `errors` says by field what is wrong (of no field: by an empty name), `values` fill it."""
        cookies = [keep(VISITOR, self.visitor)] if self.is_new else []
        if self.notice:
            cookies.append(forget(NOTICE))
        return Response(
            render(template, browser=self, **values),
            status_code=status,
            media_type=HTML_TYPE,
            cookies=cookies,
        )

    def go(
        self, address: str, *, notice: str = "", kind: Kind = "success", cookies: Iterable[Cookie] = ()
    ) -> Response[str]:
        """On to another page, to be fetched anew: reloading that one does nothing twice.

        It says `notice` on top, once.
        """
        kept = [keep(NOTICE, quote(f"{kind} {notice}"), NOTICE_SECONDS)] if notice else []
        return Response(
            "",
            status_code=303,
            media_type=HTML_TYPE,
            headers={"location": address},
            cookies=[*kept, *cookies],
        )

    def begin_session(
        self, token: str, address: str, *, notice: str = "", kind: Kind = "success"
    ) -> Response[str]:
        """Somebody has signed in: the cookie is a new one, whatever it was before."""
        return self.go(address, notice=notice, kind=kind, cookies=(keep(SESSION, token), forget(VISITOR)))

    def end_session(self, address: str, *, notice: str = "", kind: Kind = "success") -> Response[str]:
        """The session has ended: nothing of it stays in the browser."""
        return self.go(address, notice=notice, kind=kind, cookies=(forget(SESSION),))


def browser_of(request: Request[Any, Any, Any]) -> Browser:
    """The browser that sent a request."""
    session, visitor = request.cookies.get(SESSION, ""), request.cookies.get(VISITOR, "")
    is_new = not session and not visitor
    kind, _, notice = unquote(request.cookies.get(NOTICE, "")).partition(" ")
    return Browser(
        path=request.url.path,
        request_id=str(request.scope["state"]["request_id"]),
        session=session,
        visitor=secrets.token_urlsafe(32) if is_new else visitor,
        is_new=is_new,
        is_sending=request.method not in SAFE_METHODS,
        notice=notice if kind in _KINDS else "",
        notice_kind=_KINDS.get(kind, "success"),
    )


def wants_page(path: str, accept: str) -> bool:
    """Is it a browser that asks? Programs accept no pages, and have addresses of their own."""
    return "text/html" in accept and not path.startswith(FOR_PROGRAMS)


def show_problem(browser: Browser, problem: Problem, request_id: str) -> Response[str]:
    """A problem as a page; where signing in or proving oneself mends it, on to there, and back afterwards."""
    back = urlencode({"return": browser.path})
    if problem.code == NOT_SIGNED_IN:
        notice = SENT_IN_VAIN if browser.is_sending else ""
        return browser.end_session(f"/sign-in?{back}", notice=notice, kind="warning")
    if problem.code == "proof_too_old":
        return browser.go(f"/prove-again?{back}")
    shown = browser.show("problem.html", status=problem.status, problem=problem, request_id=request_id)
    shown.headers.update(problem.headers)
    return shown


def problem_page(problem: Problem, request_id: str) -> str:
    """The same where the request went no further than the door."""
    return render("problem.html", browser=Browser(path=""), problem=problem, request_id=request_id)


def render(template: str, *, browser: Browser, **values: Any) -> str:
    """The text of a page."""
    given = {"errors": {}, "values": {}, **values}
    return _environment().get_template(template).render(browser=browser, navigation=NAVIGATION, **given)


def load(service_center_phone: str) -> None:
    """Read every template and file, so that a missing or broken one stops the start."""
    static.files()
    _environment().globals["service_center_phone"] = service_center_phone
    for name in _environment().list_templates():
        _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["file"] = static.address_of
    environment.filters["instant"] = _in_words
    environment.filters["day"] = _day_at
    return environment


def _day_at(instant: datetime, time_zone: str) -> str:
    return f"{instant.astimezone(ZoneInfo(time_zone)):%b %-d, %Y}"


def _in_words(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%b %-d, %Y, %H:%M} UTC"
