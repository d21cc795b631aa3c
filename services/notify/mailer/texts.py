"""The texts of mail, from the templates: a subject, a plain body and an HTML body each.

An undefined name is an error. Bodies get every value on one line without control characters, so that a
name or a remark can't forge a paragraph; subjects get the values as they are, since what is unsafe in a
header is refused and not mended (`mail.py`).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from services.notify.model import CLASS_OF, Details, Letter
from services.notify.settings import Sender

TEMPLATES = Path(__file__).parent.parent / "templates"
FORMS = ("subject.txt", "body.txt", "body.html")
LONGEST_VALUE = 2000
_PAGES: Mapping[str, str] = {
    "account_locked": "/unlock",
    "email_change": "/confirm-email-change",
    "email_changed": "/undo-email-change",
    "erasure_asked": "/stop-erasure",
    "recovery_link": "/recover-account",
    "factor_reset_asked": "/stop-factor-reset",
    "verify_email": "/verify-email",
}
"""Where the link in a kind of mail leads, with the one-time token behind it."""
_TOKENS = ("token", "unlock_token")
"""What the token is called in the event: a secret opens only under the name that it was sealed with."""


class TextError(Exception):
    """A text can't be made from its template; the message names the kind and never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The two bodies of a mail; they say the same."""

    plain: str
    html: str

    def __repr__(self) -> str:
        return "Texts"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def load_texts() -> None:
    """Read and compile every template, so that a missing or broken one stops the start."""
    for kind in CLASS_OF:
        for form in FORMS:
            _environment().get_template(f"{kind}/{form}")


def subject_of(letter: Letter) -> str:
    """The subject; it holds nothing that a person typed and no secret."""
    return _render(letter.kind, "subject.txt", letter.details).strip()


def write_texts(kind: str, name: str, details: Details, secrets: Mapping[str, str], sender: Sender) -> Texts:
    """Both bodies. The one-time token among the secrets appears only within its link. Raises TextError."""
    shown = {key: value for key, value in secrets.items() if key not in _TOKENS}
    token = next((secrets[key] for key in _TOKENS if key in secrets), None)
    values: dict[str, object] = {
        "name": _on_one_line(name),
        **{key: _in_body(value) for key, value in {**details, **shown}.items()},
        "portal_url": sender.portal_url,
        "sender_name": sender.name,
        "service_center_phone": sender.service_center_phone,
    }
    if kind in _PAGES and token is not None:
        values["link"] = f"{sender.portal_url}{_PAGES[kind]}?token={quote(token, safe='')}"
    return Texts(plain=_render(kind, "body.txt", values), html=_render(kind, "body.html", values))


def _render(kind: str, form: str, values: Mapping[str, object]) -> str:
    try:
        return _environment().get_template(f"{kind}/{form}").render(values)
    except TemplateError as error:
        raise TextError(f"{kind}/{form}: {type(error).__name__}") from None


def _in_body(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return _on_one_line(value) if isinstance(value, str) else tuple(_on_one_line(part) for part in value)


def _on_one_line(text: str) -> str:
    """Without control, format (as right-to-left override) and surrogate characters; spaces run together."""
    harmless = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text[:LONGEST_VALUE])
    return " ".join("".join(harmless).split())
