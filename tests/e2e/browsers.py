"""A real browser for tests: Debian's Chromium, driven by playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from deploy.local import packages

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
)
"""It asks nobody for anything but what it is told to."""
NARROW, WIDE = (320, 720), (1280, 900)


def chromium() -> Path:
    """Where Chromium is; root installs it. Raises FileNotFoundError, saying what to install."""
    if not CHROMIUM.exists() and os.geteuid() == 0 and packages.has_apt():
        packages.install(["chromium"])
    found = CHROMIUM if CHROMIUM.exists() else shutil.which("chromium")
    if not found:
        raise FileNotFoundError("these tests need a browser: apt-get install chromium")
    return Path(found)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Chromium, without a window; as root it can't have the sandbox."""
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        await browser.close()


@asynccontextmanager
async def a_page(
    browser: Browser, address: str, *, has_scripts: bool = True, size: tuple[int, int] = WIDE
) -> AsyncIterator[Page]:
    """A page of a fresh profile, whose addresses are below this one."""
    context = await browser.new_context(
        base_url=address,
        java_script_enabled=has_scripts,
        viewport={"width": size[0], "height": size[1]},
    )
    context.set_default_timeout(20_000)
    yield await context.new_page()
    await context.close()
