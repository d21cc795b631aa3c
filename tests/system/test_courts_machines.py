"""Courts' machines at the web edge: what they may do, and what becomes of it while something is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from deploy.tool import court_credentials as tool
from deploy.tool.operating import OperatorError
from deploy.tool.stories import PROCESSES
from shared.messages import accounts
from shared.messaging.ids import new_id
from tests.installation import until
from tests.system.asking import Postbox, a_desk, join_up
from tests.system.conftest import Pair
from tests.system.machines import (
    BATCHES,
    COURT,
    FILERS,
    LOGIN,
    OTHER_COURT,
    Scene,
    a_machine,
    end_credential,
    link,
)
from tests.system.running import a_system
from tests.system.searching import in_files, in_messages, in_tables, read_queues

BEGINS = datetime(2024, 2, 1, 18, tzinfo=UTC)
INJECTED = "a\r\nset-cookie: planted=1\r\n\r\n<script>planted</script>\u2028"
IN_A_HEAD = "a\tset-cookie: planted=1 <script>planted</script>"
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
async def scene(pair: Pair, system_folder: Path) -> AsyncIterator[Scene]:
    pair.rabbitmq.write_declarations()
    folder = system_folder / "machines"
    async with a_system(pair.servers(), folder, (COURT,), begins_at=BEGINS) as system:
        await system.start(PROCESSES)
        postbox = Postbox(system.story.mail)
        async with (
            a_desk(system) as desk,
            a_machine(system, desk, COURT) as machine,
            a_machine(system, desk, OTHER_COURT) as other,
        ):
            yield Scene(pair, system, desk, postbox, machine, other, await link(desk, postbox))


async def test_a_machine_reports_usage_and_asks_what_became_of_it(scene: Scene) -> None:
    good, wrong = scene.use(), scene.use()
    batch = scene.machine.batch([good, wrong])
    batch["records"][1]["pages"] = -1

    receipt = await scene.machine.report(batch)
    settled = await scene.machine.settled(batch["batch_id"])

    assert (receipt.status_code, receipt.json()["record_count"]) == (202, 2)
    assert receipt.headers["location"] == f"{BATCHES}/{batch['batch_id']}"
    assert (settled["state"], settled["booked"]) == ("settled", 1)
    assert settled["quarantined"] == [
        {"index": 1, "usage_id": wrong.usage_id, "field": "pages", "reason": "negative"}
    ]
    assert await scene.lines([good, wrong]) == 1


async def test_a_batch_repeated_is_harmless_and_other_content_under_its_id_is_told(scene: Scene) -> None:
    first, second = scene.use(), scene.use()
    batch = scene.machine.batch([first])
    other = scene.machine.batch([second], batch_id=batch["batch_id"])

    receipts = [(await scene.machine.report(batch)).json() for _ in range(3)]
    await scene.machine.settled(batch["batch_id"])
    repeated = await scene.machine.report(other)

    async def is_told() -> Any:
        outcome = await scene.machine.outcome(batch["batch_id"])
        return outcome if outcome["other_content_at"] else None

    outcome = await until(is_told, "the other content is told")
    assert len({receipt["message_id"] for receipt in receipts}) == 1
    assert (repeated.status_code, outcome["state"], outcome["booked"]) == (202, "settled", 1)
    assert (await scene.lines([first]), await scene.lines([second])) == (1, 0)


async def test_another_courts_id_opens_nothing_in_any_route(scene: Scene) -> None:
    uses = [scene.use()]
    own = scene.machine.batch(uses)
    await scene.machine.report(own)
    await scene.machine.settled(own["batch_id"])

    as_another = await scene.other.report(scene.machine.batch([scene.use()]))
    of_another = await scene.other.outcome(own["batch_id"])
    filers = await scene.other.filers(scene.token)

    assert (as_another.status_code, as_another.json()["code"]) == (403, "another_court")
    assert (of_another["state"], of_another["booked"], of_another["court_id"]) == (
        "not_settled",
        0,
        OTHER_COURT,
    )
    assert (filers.status_code, LOGIN in filers.text) == (403, False)


async def test_a_machine_checks_a_token_however_it_was_shown(scene: Scene) -> None:
    shown = [
        await scene.machine.filers(scene.token),
        await scene.machine.ask("POST", FILERS, headers={"x-next-gen-cso": scene.token}),
        await scene.machine.ask("POST", FILERS, headers={"cookie": f"NextGenCSO={scene.token}"}),
    ]

    assert [answer.status_code for answer in shown] == [200] * 3
    assert {answer.text for answer in shown} == {shown[0].text}
    found = shown[0].json()
    assert (found["court_id"], found["serves_search"]) == (COURT, True)
    assert [(filer["login"], filer["role"]) for filer in found["filers"]] == [(LOGIN, "attorney")]


async def test_a_token_that_serves_no_filing_is_refused_with_the_reason(scene: Scene) -> None:
    stranger = await join_up(scene.desk, scene.postbox)
    gone = await join_up(scene.desk, scene.postbox)
    token = gone._token
    await gone.ask_openly(accounts.SignOut(token=scene.desk.sealed(token, "accounts")), accounts.SignedOut)

    answers = [
        await scene.machine.filers(each)
        for each in (stranger._token, token, "0" * 128, "short", "\u20ac" * 128)
    ]
    none_at_all = await scene.machine.ask("POST", FILERS)

    codes = [answer.json()["code"] for answer in (*answers, none_at_all)]
    assert codes == ["not_linked", *["no_session"] * 5]
    assert {answer.status_code for answer in (*answers, none_at_all)} == {403}


async def test_a_credential_is_rotated_without_a_gap_and_one_that_ended_opens_nothing(scene: Scene) -> None:
    async with (
        a_machine(scene.system, scene.desk, COURT, "old") as old,
        a_machine(scene.system, scene.desk, COURT, "new") as new,
    ):
        before = [(await each.filers(scene.token)).status_code for each in (old, new)]
        await end_credential(scene.desk, old)
        after = [(await each.filers(scene.token)).status_code for each in (old, new)]
        report = await old.report(old.batch([scene.use()]))
        outcome = await old.ask("GET", f"{BATCHES}/{uuid4()}")
        await end_credential(scene.desk, new)

    assert (before, after) == ([200, 200], [401, 200])
    assert (report.status_code, outcome.status_code) == (401, 401)
    assert report.headers["www-authenticate"] == "Bearer"


async def test_the_operators_tool_issues_lists_and_ends_a_credential(scene: Scene) -> None:
    said, operator = list[str](), scene.desk.operator

    await tool.issue_one(operator, COURT, "by the tool", None, said.append)
    credential_id, credential = UUID(said[0].split()[0]), said[-1]
    headers = {"authorization": f"Bearer {credential}"}
    let_in = await scene.machine.ask("GET", f"{BATCHES}/{uuid4()}", headers=headers)
    await tool.end_one(operator, COURT, credential_id, said.append)
    kept_out = await scene.machine.ask("GET", f"{BATCHES}/{uuid4()}", headers=headers)
    await tool.show_all(operator, COURT, said.append)

    assert (let_in.status_code, kept_out.status_code) == (200, 401)
    assert "if there is one" in said[0]
    (listed,) = [line for line in said if line.startswith(f"{credential_id}  by the tool: issued")]
    assert "by the operator" in listed
    assert "last used" in listed
    assert credential not in "".join(line for line in said if line != credential)
    with pytest.raises(OperatorError, match="no such credential"):
        await tool.end_one(operator, OTHER_COURT, credential_id, said.append)
    with pytest.raises(OperatorError, match="court_id"):
        await tool.show_all(operator, "NCWBK", said.append)


async def test_each_wrong_credential_gets_one_answer_and_who_guesses_has_to_wait(
    scene: Scene,
) -> None:
    wrong = ("Bearer ngcourt_guessed", f"Bearer {scene.token}", "Basic YTpi", "", b"Bearer \xe9")
    path = f"{BATCHES}/{uuid4()}"
    answers = [await scene.machine.ask("GET", path, headers={"authorization": each}) for each in wrong]
    refused = {(each.status_code, each.json()["code"], each.json()["detail"]) for each in answers}

    await scene.system.execute("accounts", "UPDATE throttles SET attempt_count = 100 WHERE scope = 'machine'")
    throttled = await scene.machine.ask("GET", path, headers={"authorization": wrong[0]})
    let_in = await scene.machine.filers(scene.token)
    await scene.system.execute("accounts", "DELETE FROM throttles WHERE scope = 'machine'")

    assert len(refused) == 1
    assert (throttled.status_code, throttled.headers["retry-after"].isdigit()) == (503, True)
    assert let_in.status_code == 200, "who else of its network guesses keeps a court out"


async def test_what_is_no_batch_is_refused_by_field_and_kept_nowhere(scene: Scene) -> None:
    use = scene.use()
    wrong = {
        "court_id": scene.machine.batch([use], court_id="NCWBK"),
        "batch_id": scene.machine.batch([use], batch_id=str(uuid4())),
        "records": scene.machine.batch([use] * 501),
    }

    answers = {field: await scene.machine.report(batch) for field, batch in wrong.items()}
    old = await scene.machine.report(
        scene.machine.batch([use], batch_id=str(new_id(BEGINS.replace(year=2023))))
    )
    long = await scene.machine.ask(
        "POST", BATCHES, content=b" " * 300_000, headers={"content-type": "application/json"}
    )
    form = await scene.machine.ask("POST", BATCHES, content=b"{}", headers={"content-type": "text/plain"})

    assert {answer.status_code for answer in answers.values()} == {422}
    assert all(field in answer.text for field, answer in answers.items())
    assert (old.json()["code"], long.status_code, form.status_code) == ("batch_id_unusable", 413, 415)
    assert await scene.lines([use]) == 0


async def test_nothing_that_a_machine_says_reaches_a_head_or_a_log(scene: Scene) -> None:
    batch = scene.machine.batch([])
    answers = [
        *[
            await scene.machine.report({**batch, field: INJECTED})
            for field in ("court_id", "batch_id", "type")
        ],
        await scene.machine.report({**batch, "records": [INJECTED], INJECTED: INJECTED}),
        await scene.machine.ask("GET", f"{BATCHES}/{quote(INJECTED)}"),
        await scene.machine.filers(INJECTED),
        await scene.machine.ask("POST", FILERS, headers={"x-next-gen-cso": IN_A_HEAD}),
        await scene.machine.ask("POST", FILERS, headers={"cookie": f"NextGenCSO={IN_A_HEAD}"}),
        await scene.machine.ask("POST", FILERS, headers={"authorization": f"Bearer {IN_A_HEAD}"}),
    ]

    assert {answer.status_code for answer in answers} <= {202, 401, 403, 404, 422}
    assert not [answer for answer in answers if "planted" in answer.text + str(answer.headers)]
    assert in_files([scene.system.story.folder / "logs"], ["planted"]) == set()


async def test_a_service_that_is_away_or_slow_is_503_and_nothing_is_doubled(scene: Scene) -> None:
    use = scene.use()
    batch = scene.machine.batch([use])

    with scene.system.paused(["accounts"]):
        late = await scene.machine.report(batch)
    with scene.system.paused(["linking"]):
        slow = await scene.machine.filers(scene.token)
    await scene.system.stop(["paa_billing"])
    accepted = [await scene.machine.report(batch) for _ in range(2)]
    unknown = await scene.machine.ask("GET", f"{BATCHES}/{batch['batch_id']}")
    await scene.system.start(["paa_billing"])
    settled = await scene.machine.settled(batch["batch_id"])
    await scene.is_whole()

    assert [(each.status_code, each.headers["retry-after"]) for each in (late, slow, unknown)] == [
        (503, "5")
    ] * 3
    assert [each.status_code for each in accepted] == [202, 202]
    assert (settled["booked"], await scene.lines([use])) == (1, 1)


async def test_what_was_accepted_survives_the_broker_and_what_was_not_is_taken_later(scene: Scene) -> None:
    before, during = scene.use(), scene.use()
    first, second = scene.machine.batch([before]), scene.machine.batch([during])

    await scene.system.stop(["paa_billing"])
    accepted = await scene.machine.report(first)
    await asyncio.to_thread(scene.pair.rabbitmq.kill)
    away = await scene.machine.report(second)
    await asyncio.to_thread(scene.pair.rabbitmq.start)
    await scene.system.start(["paa_billing"])

    async def is_taken() -> bool:
        return (await scene.machine.report(second)).status_code == 202

    await until(is_taken, "the second batch is taken")
    settled = [await scene.machine.settled(batch["batch_id"]) for batch in (first, second)]
    await scene.is_whole()

    assert (accepted.status_code, away.status_code, away.headers["retry-after"]) == (202, 503, "5")
    assert [each["booked"] for each in settled] == [1, 1]
    assert await scene.lines([before, during]) == 2


async def test_neither_token_nor_credential_lies_in_a_log_a_table_a_queue_or_an_answer(scene: Scene) -> None:
    await scene.system.stop(["paa_billing"])
    await scene.machine.report(scene.machine.batch([scene.use()]))
    await scene.machine.filers(scene.token)
    queued = await read_queues(scene.system)
    await scene.system.start(["paa_billing"])
    secrets = [scene.token, scene.machine.credential, scene.other.credential]

    assert "paa_billing.report_usage.v1" in {message.type for message in queued}
    assert in_messages(queued, secrets) == set()
    assert await in_tables(scene.system, secrets) == set()
    assert in_files([scene.system.story.folder / "logs"], secrets) == set()
    assert not [each for each in scene.machine.answers for secret in secrets if secret in each.text]
