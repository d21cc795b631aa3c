"""What a person filled in, and whether the form was one of ours."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from litestar import Request

from services.portal.web.browsing import browser_of
from services.portal.web.callers import SAFE_METHODS
from services.portal.web.problems import Problem

LONGEST_LINE = 500
_LOCAL = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~%?=&+-]{0,500}", re.ASCII)


class Form:
    """The fields of a form that was sent; one that is missing is empty, as browsers leave them."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

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

    def _get(self, name: str) -> str:
        text = self._fields.get(name, "")
        if len(text) > LONGEST_LINE:
            raise Problem(
                422, "too_long", "Too long", f"A field may hold {LONGEST_LINE} characters.", field=name
            )
        return text


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """The form in a request; files are none of it. Raises Problem for one that is no text."""
    try:
        sent = await request.form()
    except UnicodeDecodeError:
        raise Problem(400, "unreadable", "Not understood", "The form is not in UTF-8.") from None
    return Form({name: text for name, text in sent.items() if isinstance(text, str)})


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
