"""Every page and state looked at by axe-core, and with SCREENSHOTS set also by people."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from services.portal.web.browsing import TEMPLATES
from tests.e2e.browsers import NARROW, WIDE
from tests.e2e.conftest import Outside
from tests.e2e.gallery import show_all
from tests.installation import ROOT
from tests.system.asking import PatientPerson

AXE = ROOT / ".local" / "axe" / "axe.min.js"
SIZES = {"narrow": (NARROW, "filer7"), "wide": (WIDE, "filer8")}
IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LEVELS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(each => each.tagName)"
IN_FOCUS = "document.activeElement.name"
NAMES = {
    template.name: re.compile(".*".join(map(re.escape, re.split(r"\{[{%].*?[%}]\}", name))))
    for template in TEMPLATES.glob("*.html")
    for name in re.findall(r"{% block title %}(.+?){% endblock %}\n", template.read_text())
    if template.name not in ("base.html", "problem.html")
}
"""What each template calls its page; a problem's page is called by the problem."""
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("width", SIZES)
async def test_no_page_or_state_has_a_violation_that_axe_finds(
    outside: Outside, browser: Browser, clerk: PatientPerson, width: str
) -> None:
    wrong: dict[str, object] = {}
    seen: set[str] = set()

    async def look(name: str, page: Page) -> None:
        inline = await page.locator("script, style, [style]").evaluate_all("all => all.map(e => e.outerHTML)")
        assert inline == [], f"the policy forbids what {name} has"
        await keep_picture(page, f"{name} {width}")
        seen.add(await page.get_by_role("heading", level=1).inner_text())
        await page.evaluate(AXE.read_text())
        found = (await page.evaluate("axe.run()"))["violations"]
        if found:
            wrong[name] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
        if await page.evaluate(IS_WIDER):
            wrong[f"{name}, which is wider than the window"] = page.url
        if (levels := await page.evaluate(LEVELS))[0] != "H1" or levels.count("H1") > 1:
            wrong[f"{name}, whose name doesn't come first"] = levels
        if unfocused := await lead_nowhere(page):
            wrong[f"{name}, where problems lead to no field"] = unfocused

    size, login = SIZES[width]
    await show_all(outside, browser, size, login, look)

    assert wrong == {}
    assert [template for template, name in NAMES.items() if not any(map(name.fullmatch, seen))] == []


async def lead_nowhere(page: Page) -> list[str]:
    """Links from what is wrong that don't bring whoever follows them into a field."""
    nowhere = []
    for link in await page.get_by_role("alert").get_by_role("link").all():
        await link.click()
        if not await page.evaluate(IN_FOCUS):
            nowhere.append(await link.inner_text())
    return nowhere


async def keep_picture(page: Page, name: str) -> None:
    """A picture of the whole page, where somebody wants them."""
    if folder := os.environ.get("SCREENSHOTS"):
        path = Path(folder) / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".png")
        await page.screenshot(path=path, full_page=True)
