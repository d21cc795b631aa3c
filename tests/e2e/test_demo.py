"""The demonstration, played whole; what it says each payer owes is computed anew here, by own few lines."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser

from deploy.demo.desk import open_desk
from deploy.tool.stories import Record, Story
from deploy.tool.topology import remove_instance
from shared.messaging.topology import SERVICES
from tests.e2e import walking
from tests.e2e.browsers import a_page
from tests.e2e.conftest import mailed_link
from tests.e2e.demo_owed import owed
from tests.e2e.plain_browser import a_plain_browser
from tests.system.asking import Postbox, a_person

ROOT = Path(__file__).parent.parent.parent
UNLINKED_IN_THE_STORY = {"court_id": "ncwbk", "login": "bokafor", "password": "old-court-word-2"}
Played = tuple[dict[str, Any], Path, str]
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def played(
    servers: Any, used: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Any], Path, str]]:
    """Plays the demonstration among stories of its own, so that nobody's running one is stopped."""
    folder = tmp_path_factory.mktemp("demo")
    finished = nextgen(servers, folder / "stories", "demo")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    status = nextgen(servers, folder / "stories", "status")
    yield json.loads((folder / "demo.json").read_text()), folder / "stories" / "1", status.stdout
    nextgen(servers, folder / "stories", "stop")
    instance = json.loads((folder / "stories" / "1" / "story.json").read_text())["instance"]
    remove_instance(servers.broker_admin_url, instance)
    used.extend(f"{instance}_{service}" for service in SERVICES)
    assert status.returncode == 0, status.stdout + status.stderr


def nextgen(servers: Any, stories: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool among these stories, on these servers."""
    command = [sys.executable, "-m", "deploy.tool", *arguments]
    environment = {
        **os.environ,
        "NEXTGEN_STORIES": str(stories),
        "DATABASE_ADMIN_URL": servers.postgres_url,
        "BROKER_URL": servers.broker_url,
        "BROKER_ADMIN_URL": servers.broker_admin_url,
    }
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=380, check=False
    )


def test_all_325_receipts_price_as_charged(played: Played) -> None:
    result, _, _ = played

    assert "325 of 325" in result["receipts"]
    assert len(result["reported"]) == 325


def test_every_payer_owes_what_the_reported_usages_and_the_fee_table_say(
    played: Played,
) -> None:
    result, _, _ = played

    stated = {s["payer"]: s["due_cents"] for s in result["statements"]}

    assert stated == owed(result)
    assert stated["Blue Ridge Law, PLLC"] > 0


def test_who_pays_for_whom_is_told_by_each_person_and_by_nobody_else(played: Played) -> None:
    result, _, _ = played
    numbers = {account["account_number"]: account["name"] for account in result["accounts"]}

    told = [(numbers[m["account_number"]], m["firm"], m["left_at"] is None) for m in result["memberships"]]

    blue_ridge, catawba = "Blue Ridge Law, PLLC", "Catawba Legal"
    assert sorted(told) == [
        ("Ada Whitfield", blue_ridge, True),
        ("Ben Okafor", blue_ridge, True),
        ("Cleo Marchetti", blue_ridge, True),
        ("Dan Yoshida", blue_ridge, False),
        ("Dan Yoshida", catawba, True),
    ]
    before, after = (m for m in result["memberships"] if numbers[m["account_number"]] == "Dan Yoshida")
    assert before["joined_at"] < before["left_at"] <= after["joined_at"]


def test_every_cent_charged_is_waived_paid_before_or_due(played: Played) -> None:
    result, _, _ = played

    for statement in result["statements"]:
        parts = [statement[f"{part}_cents"] for part in ("waived", "credited", "due")]
        assert sum(parts) == statement["total_cents"], statement["payer"]


def test_the_files_are_what_the_statements_say_and_the_numbers_have_no_gap(
    played: Played,
) -> None:
    result, _, _ = played

    for statement in result["statements"]:
        assert {file["form"] for file in statement["files"]} == {"json", "csv", "pdf"}
        for file in statement["files"]:
            content = (ROOT / file["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    numbers = sorted(int("".join(filter(str.isdigit, str(s["number"])))) for s in result["statements"])
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_who_may_file_is_who_linked_and_did_not_unlink(played: Played) -> None:
    result, _, _ = played

    assert [(f["name"], f["court_id"], f["login"]) for f in result["filing"]] == [
        ("Ada Whitfield", "ncwbk", "awhitfield")
    ]


def test_each_change_was_mailed(played: Played) -> None:
    result, _, _ = played

    sent = {(mail["kind"], mail["to"].partition("@")[0]) for mail in result["mails"]}

    assert {
        ("filing_account_linked", "ada.whitfield.esq"),
        ("filing_account_unlinked", "ben.okafor.law"),
        ("member_joined_person", "dan.yoshida.nc"),
        ("member_joined_firm", "catawba.billing"),
        ("member_left_person", "dan.yoshida.nc"),
        ("member_left_firm", "blue.ridge.billing"),
        ("account_upgraded", "ada.whitfield.esq"),
        ("statement_ready", "blue.ridge.billing"),
        ("payment_received", "catawba.billing"),
    } <= sent
    ready = [mail for mail in result["mails"] if mail["kind"] == "statement_ready"]
    assert len(ready) == len(result["statements"])


def test_the_court_is_told_that_it_went_live_and_that_a_link_was_ended(played: Played) -> None:
    result, _, _ = played

    told = sorted(mail["kind"] for mail in result["mails"] if mail["to"] == "nextgen-desk@ncwb.example")

    assert told == ["court_went_live", "filing_account_unlinked_court"]
    holder = next(a["email"] for a in result["accounts"] if a["name"] == "Ben Okafor")
    assert (holder, "filing_account_unlinked") in {(mail["to"], mail["kind"]) for mail in result["mails"]}


def test_each_account_is_shown_as_its_holder_is_told(played: Played) -> None:
    result, _, _ = played

    shown = {account["user_name"]: (account["name"], account["email"]) for account in result["accounts"]}

    assert shown["ada.whitfield.esq"] == ("Ada Whitfield", "ada.whitfield.esq@mail.example")
    assert shown["catawba.billing"] == ("Gus Delacroix", "catawba.billing@mail.example")
    assert len(shown) == len({account["account_number"] for account in result["accounts"]}) == 9


def test_one_correlation_id_shows_the_whole_path_of_a_request(
    played: Played,
) -> None:
    result, story, _ = played
    correlation_id = result["correlation_ids"]["Ada Whitfield links a filing account"]

    lines = [
        json.loads(line)
        for log in (story / "logs").glob("*.log")
        for line in log.read_text().splitlines()
        if correlation_id in line
    ]

    assert {line["service"] for line in lines} == {"accounts", "linking", "paa_billing", "notify"}
    assert {line["verdict"] for line in lines if line["event"] == "message_settled"} == {"acknowledge"}
    assert {line["service"] for line in lines if line["event"] == "job_settled"} == {"notify"}


def test_nothing_is_parked_and_all_services_are_ready(played: Played) -> None:
    _, _, status = played

    for service in ("accounts", "linking", "paa_billing", "notify"):
        row = next(line.split() for line in status.splitlines() if line.startswith(f"{service} "))
        assert (row[1], row[4]) == ("yes", "0"), status


def test_the_web_edge_is_there_and_lets_in_who_is_named_for_it(played: Played) -> None:
    result, _, status = played
    login = result["login_without_second_factor"]
    said = {"loginId": login["username"], "password": login["password"], "redactFlag": "0"}

    with httpx.Client(base_url=result["portal_url"], trust_env=False, timeout=20) as client:
        let_in = client.post("/services/cso-auth", json=said).json()
        ended = client.post("/services/cso-logout", json={"nextGenCSO": let_in["nextGenCSO"]}).json()
        kept_out = client.post("/services/cso-auth", json={**said, "password": "wrong-word-77"}).json()

    assert (let_in["loginResult"], len(let_in["nextGenCSO"]), ended["loginResult"]) == ("0", 128, "0")
    assert (kept_out["loginResult"], kept_out["nextGenCSO"]) == ("13", "")
    assert result["portal_url"] in status


@pytest.mark.parametrize(
    ("place", "path", "shown"),
    [
        (0, "/security", "You have no authenticator"),
        (1, "/courts", "Ada Whitfield (awhitfield)"),
        (2, "/", "PACER administrative account of a firm"),
    ],
    ids=["who searches", "who files", "who administers a firm"],
)
async def test_each_of_the_three_sign_ins_opens_the_pages(
    played: Played, place: int, path: str, shown: str
) -> None:
    result, _, _ = played
    person, free = result["sign_ins"][place], result["login_without_second_factor"]
    said = {"user_name": person["username"], "password": person["password"]}
    passcodes = person["backup_codes"]

    async with a_plain_browser(result["portal_url"]) as browser:
        await browser.open("/sign-in")
        await browser.submit("/sign-in", **said)
        is_in_by_password = browser.path == "/"
        for passcode in passcodes[:2]:
            await browser.open("/sign-in")
            await browser.submit("/sign-in", **said, passcode=passcode)
        home = (browser.path, person["name"] in browser.text)
        await browser.open(path)

        assert (is_in_by_password, len(passcodes)) == ((True, 0) if place == 0 else (False, 10))
        assert home == ("/", True)
        assert shown in browser.text
    assert (person["username"] == free["username"]) == (place == 0)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_somebody_new_links_at_the_demonstrations_court_with_nothing_but_pages_and_mails(
    played: Played, servers: Any, browser: Browser, has_scripts: bool
) -> None:
    result, folder, _ = played
    free = result["filing_account_to_link"] if has_scripts else UNLINKED_IN_THE_STORY
    record = Record(number=1, instance=json.loads((folder / "story.json").read_text())["instance"], courts=())
    async with (
        open_desk(Story(folder=folder, record=record, given_servers=servers)) as desk,
        a_page(browser, result["portal_url"], has_scripts=has_scripts) as page,
    ):
        person = a_person(desk)
        await walking.register(page, person)
        mails = Postbox(folder / "mail")
        await walking.follow(
            page, await mailed_link(mails, result["portal_url"], person.email, "/verify-email")
        )
        await walking.sign_in(page, person)
        key = await walking.ask_for_key(page, "telephone")
        codes = await walking.show_code(page, nextgen(servers, folder.parent, "passcode", key).stdout.strip())
        await walking.press(page, "Sign out")
        await walking.sign_in(page, person, codes[0])
        before = await walking.where_i_may_file(page)

        linked = await walking.link(page, free["court_id"], free["login"], free["password"])
        unlinked = await walking.unlink(page)

        assert (before, unlinked) == ([], [])
        assert [free["login"] in line for line in linked] == [True]
        ended = page.get_by_role("region", name="Links that have ended")
        assert free["login"] in await ended.inner_text()
