"""The bare peer of a signed-in page: Litestar alone, on the edge's own server, with the same template."""

import os
from pathlib import Path

import msgspec
from litestar import Litestar, Response, get

from services.portal.serving import serve
from services.portal.web.browsing import HTML_TYPE, Browser, load, render
from shared.messages.linking import FilingRight

PATH = "/courts"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the page: for whom its forms are made, and where they may file."""

    session: str
    rights: tuple[FilingRight, ...]


def make() -> Litestar:
    """The page from memory: nobody is asked who calls, nor what they may do."""
    load("")
    shown = msgspec.json.decode(Path(os.environ["BENCHMARK_PAGE_FILE"]).read_bytes(), type=Shown)
    browser = Browser(path=PATH, session=shown.session)

    @get(PATH)
    async def show() -> Response[str]:
        page = render("my_courts.html", browser=browser, rights=shown.rights, reason="", ended=[])
        return Response(page, media_type=HTML_TYPE)

    return Litestar([show], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    serve(
        "benchmarks.edge_page_peer:make",
        address="127.0.0.1",
        port=int(os.environ["BENCHMARK_PORT"]),
        drain_seconds=1,
    )
