"""Another person's id in every address and form of the pages: nothing is shown, and nothing changes."""

import re
from collections.abc import AsyncIterator

import pytest

from services.portal.pages.routes import PAGES
from services.portal.web.browsing import TEMPLATES
from tests.e2e.conftest import Outside
from tests.e2e.owners import Owner, an_owner, what_is_kept
from tests.e2e.plain_browser import PlainBrowser, a_plain_browser
from tests.e2e.walking import token_on

AUTHENTICATOR, UNLINKING = "/security/authenticators/{authenticator_id}", "/courts/unlink/{link_id}"
ACTS = {
    "rename an authenticator": (AUTHENTICATOR, {"act": "rename", "name": "another name"}),
    "end a session": ("/security/sessions", {"session_id": "{session_id}"}),
    "unlink": (UNLINKING, {}),
    "confirm a link": ("/courts/confirm", {"proof_id": "{proof_id}"}),
    "use an authenticator": (
        "/security/authenticators/confirm",
        {"authenticator_id": "{offered_id}", "secret": "{secret}", "code": "{code}"},
    ),
    "remove an authenticator": (AUTHENTICATOR, {"act": "remove"}),
}
"""Whatever a page does to something that it names by an id, in an order in which its owner can do it all."""
SHOWN_TO_ALL = {"court_id", "form_id"}
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
async def owner(outside: Outside) -> Owner:
    return await an_owner(outside)


@pytest.fixture(scope="module")
async def stranger(outside: Outside) -> AsyncIterator[PlainBrowser]:
    """The browser of somebody who may do all this with what is theirs."""
    other = await an_owner(outside)
    async with a_plain_browser(outside.address) as browser:
        yield other.take_over(browser)


async def send(browser: PlainBrowser, act: str, owner: Owner) -> PlainBrowser:
    address, fields = ACTS[act]
    named = owner.named()
    token = await token_on(browser, "/security/password")
    filled = {name: text.format(**named) for name, text in fields.items()}
    return await browser.post(address.format(**named), {"form_token": token, **filled})


def shown_of(owner: Owner, browser: PlainBrowser) -> list[str]:
    return [text for text in (owner.person.name, owner.login, "Authenticator: ") if text in browser.source]


def test_every_id_that_a_page_is_told_is_tried() -> None:
    in_paths = {name for page in PAGES for path in page.paths for name in re.findall(r"{(\w+):uuid}", path)}
    sources = [template.read_text() for template in TEMPLATES.glob("*.html")]
    in_forms = {name for source in sources for name in re.findall(r'name="(\w+_id)"', source)}

    tried_in_paths = {name for path, _ in ACTS.values() for name in re.findall(r"{(\w+)}", path)}
    tried_in_forms = {name for _, fields in ACTS.values() for name in fields if name.endswith("_id")}

    assert in_paths == tried_in_paths
    assert in_forms - SHOWN_TO_ALL == tried_in_forms


@pytest.mark.parametrize("act", ACTS)
async def test_nothing_is_done_to_what_is_anothers(
    outside: Outside, owner: Owner, stranger: PlainBrowser, act: str
) -> None:
    before = await what_is_kept(outside, owner.person)

    answered = await send(stranger, act, owner)

    assert await what_is_kept(outside, owner.person) == before
    assert not shown_of(owner, answered)


@pytest.mark.parametrize("address", [AUTHENTICATOR, UNLINKING])
async def test_what_is_anothers_is_not_there(owner: Owner, stranger: PlainBrowser, address: str) -> None:
    seen = await stranger.open(address.format(**owner.ids))

    assert (seen.status, "Not found" in seen.text) == (404, True)
    assert not shown_of(owner, seen)


async def test_each_of_these_is_done_for_the_owner(outside: Outside) -> None:
    owner = await an_owner(outside)
    done = []
    async with a_plain_browser(outside.address) as browser:
        owner.take_over(browser)
        for act in ACTS:
            before = await what_is_kept(outside, owner.person)
            await send(browser, act, owner)
            done.append((act, browser.status, await what_is_kept(outside, owner.person) != before))

    assert done == [(act, 200, True) for act in ACTS]
