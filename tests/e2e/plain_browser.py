"""A browser without scripts: it keeps cookies, follows redirects, and fills in the forms that a page has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import httpx

PATIENCE_SECONDS = 30


@dataclass
class PlainForm:
    """A form as the page has it: where it goes, and what it holds before anybody fills it in."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """Reads forms and text out of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[PlainForm] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(PlainForm(given["action"]))
        elif tag in ("input", "select") and self.forms and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.words.extend(data.split())


def forms_in(source: str) -> list[PlainForm]:
    """The forms of a page."""
    return _Page(source).forms


@dataclass
class PlainBrowser:
    """What it shows now, and the cookies it keeps."""

    client: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = ""
    status: int = 0
    source: str = ""

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(_Page(self.source).words)

    @property
    def links(self) -> list[str]:
        """Where the page leads."""
        return _Page(self.source).links

    async def open(self, path: str) -> "PlainBrowser":
        """Follow a link, and where it redirects to."""
        return await self._send("GET", path)

    async def submit(self, action: str, **filled: str) -> "PlainBrowser":
        """Fill in the form that goes to an address, as the page has it, and send it."""
        (form,) = [form for form in _Page(self.source).forms if form.action == action]
        strange = set(filled) - set(form.fields)
        assert not strange, f"the form has no {strange}"
        return await self._send("POST", action, {**form.fields, **filled})

    async def submit_twice(self, action: str, **filled: str) -> "tuple[PlainBrowser, PlainBrowser]":
        """Press the button twice, before any answer has come; what each press came to."""
        twins = [replace(self, cookies=dict(self.cookies)) for _ in range(2)]
        async with asyncio.TaskGroup() as group:
            for twin in twins:
                group.create_task(twin.submit(action, **filled))
        return twins[0], twins[1]

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> "PlainBrowser":
        """Send what no page had."""
        return await self._send("POST", path, fields, headers)

    async def _send(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> "PlainBrowser":
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"accept": "text/html", **({"cookie": kept} if kept else {}), **(headers or {})}
        answer = await self.client.request(method, path, data=fields, headers=sent)
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0" in cookie or not value.strip('"'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        if answer.is_redirect:
            return await self._send("GET", answer.headers["location"])
        self.path, self.status, self.source = path, answer.status_code, answer.text
        return self


@asynccontextmanager
async def a_plain_browser(address: str) -> AsyncIterator[PlainBrowser]:
    """A fresh one."""
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False) as client:
        yield PlainBrowser(client)
