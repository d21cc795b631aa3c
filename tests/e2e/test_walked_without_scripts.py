"""Every journey once more, in a browser whose JavaScript is switched off."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e import test_joining as joining
from tests.e2e import test_walked as walked

pytestmark = pytest.mark.timeout(300)
# All of them, so that no journey that is added there is forgotten here.
globals().update(
    {
        name: journey
        for module in (joining, walked)
        for name, journey in vars(module).items()
        if name.startswith("test_")
    }
)


@pytest.fixture
def has_scripts() -> bool:
    """Pages run nothing."""
    return False


async def test_a_script_does_not_run_here(page: Page) -> None:
    await page.goto(
        "data:text/html,<p>written</p><script>document.querySelector('p').textContent = 'run'</script>"
    )

    await expect(page.locator("p")).to_have_text("written")
