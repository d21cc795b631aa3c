"""What a person filled in, and whether the form was one of ours."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, Response

from services.portal.web.browsing import Browser, browser_of
from services.portal.web.callers import SAFE_METHODS
from services.portal.web.problems import Problem
from shared.messaging.ids import child_id, instant_of, is_acceptable_from_outside

LONGEST_LINE, MOST_FIELDS = 500, 100
FORM_TYPE = "application/x-www-form-urlencoded"
PASSING = (429, 503)
"""The statuses of what is over by itself, so that the same form is good once more."""
_LOCAL = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?=&+-]{0,500}", re.ASCII)


class Form:
    """The fields of a form that was sent; one that is missing is empty, as browsers leave them.

    `id` is for the message that it becomes, so that what is sent twice is done once and answered alike: it is
    made of the page that showed the form, the browser and the address. None where the page is too old for it.
    """

    def __init__(self, fields: Mapping[str, str], id_: UUID | None) -> None:
        self._fields, self.id = fields, id_

    def text(self, name: str) -> str:
        """A line as it was typed, without the spaces around it. Raises Problem if it is longer than any."""
        return self._get(name).strip()

    def secret(self, name: str) -> str:
        """A password as it was typed."""
        return self._get(name)

    def passcode(self, name: str) -> str:
        """A code as it is read off an authenticator, without the spaces that some show in it."""
        return "".join(self._get(name).split())

    def texts(self, *names: str) -> dict[str, str]:
        """Several lines by their names, to read them or to fill them in again."""
        return {name: self.text(name) for name in names}

    def show_again(
        self, browser: Browser, problem: Problem, template: str, *, is_the_same: bool = True, **values: Any
    ) -> Response[str]:
        """The form as it was filled in, for what passes by itself. Raises any other problem.

        If it `is_the_same` it keeps its id: what was done though no answer came isn't done a second time.
        """
        if problem.status not in PASSING:
            raise problem
        said = f"{problem.detail} What you filled in is still here, but for any password or code."
        form_id = self._get("form_id") if is_the_same else browser.request_id
        shown = replace(browser, request_id=form_id).show(
            template, status=problem.status, errors={"": said}, **values
        )
        shown.headers.update(problem.headers)
        return shown

    def _get(self, name: str) -> str:
        text = self._fields.get(name, "")
        if len(text) > LONGEST_LINE:
            raise Problem(
                422, "too_long", "Too long", f"A field may hold {LONGEST_LINE} characters.", field=name
            )
        return text


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """The form in a request, as browsers send one without files. Raises Problem for anything else.

    It is read here, since the framework keeps the last thousand bodies in memory, passwords and all.
    """
    form_type, _, _ = request.headers.get("content-type", "").partition(";")
    if form_type.strip().lower() != FORM_TYPE:
        raise Problem(415, "wrong_type", "Not a form", f"Send {FORM_TYPE}.", field="Content-Type")
    try:
        sent = (await request.body()).decode()
        fields = dict(parse_qsl(sent, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS))
    except ValueError:
        raise Problem(400, "unreadable", "Not understood", "The form is not in UTF-8, or too long.") from None
    return Form(fields, _id_of(fields.get("form_id", ""), request))


def _id_of(shown_by: str, request: Request[Any, Any, Any]) -> UUID | None:
    now = instant_of(request.scope["state"]["request_id"])
    try:
        page_id = UUID(shown_by)
    except ValueError:
        return None
    if not is_acceptable_from_outside(page_id, now):
        return None
    return child_id(page_id, f"{browser_of(request).form_token} {request.url.path}", 0)


async def refuse_strange_form(request: Request[Any, Any, Any]) -> None:
    """Raise Problem for a write whose form isn't one that this browser was given."""
    if request.method in SAFE_METHODS:
        return
    token = (await form_of(request)).text("form_token")
    browser = browser_of(request)
    if browser.is_new or not hmac.compare_digest(token.encode(), browser.form_token.encode()):
        raise Problem(
            403,
            "form_out_of_date",
            "This form is out of date",
            "You have signed in or out since it was opened, or your browser keeps no cookies. Nothing was"
            " done: open the page again, and fill it in there.",
        )


def local(address: str) -> str:
    """An address of this site to go on to; whatever could lead elsewhere leads home."""
    return address if _LOCAL.fullmatch(address) else "/"
