"""Each import contract is broken once on purpose, in a copy, and says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

IMPURE = (
    "asyncio",
    "http",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "ssl",
    "structlog",
    "subprocess",
    "threading",
    "time",
    "urllib",
)
"""By each of these a rule could do I/O, read a clock, or end in another way each time."""
ROOT = Path(__file__).parent.parent.parent
BREACHES = [
    ("services/notify/store.py", "import services.linking.model", "Services are independent"),
    ("shared/money.py", "import services.linking.model", "Shared knows no service"),
    ("services/notify/settings.py", "import deploy.local.ports", "No service knows how it is set up"),
    ("services/linking/model.py", "import services.linking.store", "Inside a service imports go down"),
    ("services/linking/helpers.py", "", "Inside a service imports go down"),
    ("services/paa_billing/prices.py", "import shared.clock", "do no I/O and know no clock"),
    ("shared/messages/notify.py", "import shared.database", "do no I/O and know no clock"),
    ("services/paa_billing/model/closes.py", "from time import monotonic", "do no I/O and know no clock"),
    ("services/paa_billing/ledger.py", "import urllib.request", "do no I/O and know no clock"),
    ("shared/money.py", "import socket", "do no I/O and know no clock"),
    ("services/notify/handlers.py", "import aio_pika", "Only the broker knows AMQP"),
    ("services/linking/settings.py", "import asyncpg", "Only the database module and the stores"),
    ("deploy/demo/usages.py", "import services.paa_billing.prices", "changes state by messages alone"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for part in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> str:
    finished = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return finished.stdout + finished.stderr


def test_the_contracts_are_kept(copy: Path) -> None:
    report = lint(copy)

    assert "0 broken" in report, report


@pytest.mark.parametrize(("module", "line", "contract"), BREACHES)
def test_a_breach_is_seen(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    before = path.read_text() if path.exists() else None
    try:
        path.write_text(f"{before or ''}\n{line}\n")

        report = lint(copy)
    finally:
        path.unlink() if before is None else path.write_text(before)

    assert contract in report.partition("Broken contracts")[2], report


def test_a_rule_that_imports_what_is_not_pure_is_seen_by_each_import(copy: Path) -> None:
    path = copy / "services/linking/rules/standing.py"
    before = path.read_text()
    try:
        path.write_text(f"{before}\nimport {', '.join(IMPURE)}\n")

        report = lint(copy)
    finally:
        path.write_text(before)

    seen = {name for name in IMPURE if f"services.linking.rules is not allowed to import {name}:" in report}
    assert seen == set(IMPURE), report
