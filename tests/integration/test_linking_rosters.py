"""Loading a court's roster: right rows in, wrong ones named, the same again changes nothing."""

import asyncio
import io
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from argon2 import PasswordHasher

from shared.messages.base import Failed, Malformed, NotAllowed
from shared.messages.linking import (
    FilingAccountProved,
    LinkRefused,
    LoadRoster,
    RosterLoaded,
    RosterRefused,
    RosterRowRefused,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import decode
from shared.rosters import read_roster
from shared.sealed import to_be_sealed
from tests.integration.linking_builders import (
    COURT,
    PASSWORD,
    Make,
    a_roster,
    a_row,
    a_workplace,
    linked,
    load,
    prove,
    somebody,
    staff,
    verifier_of,
)
from tests.messaging import Workplace, an_assertion


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


def counts(loaded: RosterLoaded) -> tuple[int, int, int]:
    return loaded.added, loaded.changed, loaded.unchanged


async def stored(place: Workplace) -> list[Any]:
    return await place.pool.fetch("SELECT * FROM filing_accounts ORDER BY login")


async def test_loading_the_same_rows_again_changes_nothing(place: Workplace) -> None:
    rows = (a_row(), a_row("zweite", line=3, role="trustee"))
    first = await load(place, *rows)
    before = await stored(place)

    place.clock.forward(days=1)
    second = await load(place, *rows)

    assert (counts(first), counts(second)) == ((2, 0, 0), (0, 0, 2))
    assert await stored(place) == before


async def test_a_later_row_updates_and_keeps_the_filing_account(place: Workplace) -> None:
    await load(place, a_row(), a_row("other", line=3))
    ids = [row["id"] for row in await stored(place)]

    changed = await load(
        place,
        a_row(name="Jane Public-Doe", role="Trustee"),
        a_row("other", line=3),
        verifiers=[verifier_of(PASSWORD), verifier_of("new")],
    )

    rows = await stored(place)
    assert counts(changed) == (0, 2, 0)
    assert [row["id"] for row in rows] == ids
    assert (rows[0]["name"], rows[0]["role"]) == ("Jane Public-Doe", "trustee")
    assert isinstance(await prove(place, somebody(place), login="other", password="new"), FilingAccountProved)
    assert isinstance(await prove(place, somebody(place), login="jpublic"), FilingAccountProved)


@pytest.mark.parametrize("scheme", ["sha256", "sha1", "md5"])
async def test_a_fast_digest_is_wrapped_and_still_proves(place: Workplace, scheme: str) -> None:
    in_capitals = verifier_of(PASSWORD, scheme).upper().replace(scheme.upper(), scheme)
    await load(place, verifiers=[in_capitals])

    [row] = await stored(place)
    assert row["verifier"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert row["verifier_scheme"] == scheme
    assert isinstance(await prove(place, somebody(place)), FilingAccountProved)
    assert isinstance(await prove(place, somebody(place), password="other"), LinkRefused)


async def test_an_argon2id_string_is_taken_as_it_is(place: Workplace) -> None:
    phc = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)
    await load(place, verifiers=[phc])

    [row] = await stored(place)
    assert (row["verifier"], row["verifier_scheme"]) == (phc, "plain")
    assert isinstance(await prove(place, somebody(place)), FilingAccountProved)


async def test_each_wrong_row_is_named_and_the_right_ones_are_loaded(place: Workplace) -> None:
    wrong = {
        "login": ["", "x" * 65, "tab\there", "nul\x00"],
        "name": [" ", "n" * 201, "zero\u200bwidth"],
        "email": ["", "nobody", "a b@c.example", "a@b@c", "x" * 250 + "@c.example", "ü@c.example"],
        "role": ["", "judge", "attorney;"],
        "verifier": [
            "",
            PASSWORD,
            "sha256$abc",
            "sha256$" + "g" * 64,
            "sha512$" + "a" * 128,
            "$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$argon2id$v=19$m=19456,t=2,p=1$salt",
        ],
    }
    named = [(field, text) for field, texts in wrong.items() for text in texts]
    usual = [a_row(f"login{n}", line=n) for n, _ in enumerate(named, 2)]
    rows = [
        row if field == "verifier" else msgspec.structs.replace(row, **{field: text})
        for row, (field, text) in zip(usual, named, strict=True)
    ]
    verifiers = [text if field == "verifier" else verifier_of(PASSWORD) for field, text in named]

    loaded = await load(place, *rows, a_row(line=99), verifiers=[*verifiers, verifier_of(PASSWORD)])

    assert counts(loaded) == (1, 0, 0)
    assert [(row.line, row.field) for row in loaded.refused] == [
        (n, field) for n, (field, _) in enumerate(named, 2)
    ]
    assert all(row.reason and PASSWORD not in row.reason for row in loaded.refused)


@pytest.mark.parametrize("verifiers", [[], [verifier_of(PASSWORD)], [verifier_of(PASSWORD)] * 3])
async def test_verifiers_that_are_not_one_for_each_row_load_nothing(
    place: Workplace, verifiers: list[str]
) -> None:
    roster = a_roster(place.clock(), a_row(), a_row("other", line=3), verifiers=verifiers)

    outcome = await place.send(roster, by=staff(place))

    assert outcome == RosterRefused(reason="not_one_verifier_for_each_row")
    assert await stored(place) == []


@pytest.mark.parametrize("text", ["", "sha256$", "[", "{}", "[1]", "[null]", '"text"'])
async def test_what_is_sealed_but_no_list_of_texts_loads_nothing(place: Workplace, text: str) -> None:
    sealed = to_be_sealed(text, reader="linking", expires_at=place.clock() + timedelta(minutes=1))
    roster = LoadRoster(court_id=COURT, rows=(a_row(),), verifiers=sealed)

    outcome = await place.send(roster, by=staff(place))

    assert outcome == RosterRefused(reason="not_one_verifier_for_each_row")
    assert await stored(place) == []


@pytest.mark.parametrize(("reader", "minutes"), [("linking", 0), ("accounts", 1)])
async def test_verifiers_sealed_for_another_or_until_now_are_parked_unread(
    place: Workplace, reader: str, minutes: int
) -> None:
    expires_at = place.clock() + timedelta(minutes=minutes)
    sealed = to_be_sealed(json.dumps([verifier_of(PASSWORD)]), reader=reader, expires_at=expires_at)
    roster = LoadRoster(court_id=COURT, rows=(a_row(),), verifiers=sealed)

    judgement, _ = await place.judge(roster, by=staff(place))

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "poison")
    assert judgement.reply is not None
    assert decode(judgement.reply.type, judgement.reply.body) == Failed()
    assert await stored(place) == []


async def test_of_two_rows_with_one_login_the_second_is_refused(place: Workplace) -> None:
    loaded = await load(place, a_row(line=2), a_row("  jpublic ", line=7, email="else@lawfirm.example"))

    assert counts(loaded) == (1, 0, 0)
    assert loaded.refused == (RosterRowRefused(line=7, field="login", reason="is on line 2 already"),)
    assert [row["email"] for row in await stored(place)] == ["jpublic@lawfirm.example"]


async def test_the_role_of_a_linked_account_stands(place: Workplace) -> None:
    await load(place)
    await linked(place, somebody(place))

    loaded = await load(place, a_row(role="trustee"))
    renamed = await load(place, a_row(name="Jane Doe"))

    assert [(row.line, row.field) for row in loaded.refused] == [(2, "role")]
    assert counts(renamed) == (0, 1, 0)


async def test_one_login_at_two_courts_is_two_filing_accounts(place: Workplace) -> None:
    await load(place)
    await load(place, court_id="waebk")

    assert [row["court_id"] for row in await stored(place)] == [COURT, "waebk"]


async def test_only_the_courts_own_staff_with_a_second_factor_load_its_roster(place: Workplace) -> None:
    command = a_roster(place.clock(), a_row())

    assert await place.send(command, by=an_assertion("linking")) == NotAllowed(reason="role_missing")
    assert await place.send(command, by=staff(place, "waebk")) == NotAllowed(reason="role_missing")
    assert await place.send(command, by=staff(place, level=1)) == NotAllowed(reason="session_level_too_low")
    nowhere = await place.send(a_roster(place.clock(), court_id="zzbk"), by=staff(place, "zzbk"))
    assert nowhere == RosterRefused(reason="court_not_known")
    assert await stored(place) == []


async def test_more_rows_than_a_message_may_hold_are_malformed(place: Workplace) -> None:
    rows = tuple(a_row(f"login{n}", line=n) for n in range(201))

    judgement, _ = await place.judge(a_roster(place.clock(), *rows), by=staff(place))

    assert judgement.reply is not None
    assert isinstance(decode(judgement.reply.type, judgement.reply.body), Malformed)


async def test_the_same_roster_loaded_many_times_at_once_is_there_once(place: Workplace) -> None:
    rows = tuple(a_row(f"login{n}", line=n) for n in range(2, 6))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(load(place, *rows)) for _ in range(4)]

    assert [task.result().refused for task in tasks] == [()] * 4
    assert [row["login"] for row in await stored(place)] == ["login2", "login3", "login4", "login5"]
    assert isinstance(await prove(place, somebody(place), login="login3"), FilingAccountProved)


async def test_a_file_with_mark_crlf_and_quotes_is_loaded_as_it_reads(place: Workplace) -> None:
    text = (
        "login,name,email,role,verifier\r\n"
        f'jpublic,"Public, Jane ""JQ""",jane@lawfirm.example,US Trustee,{verifier_of(PASSWORD)}\r\n'
        f"jörg,Jörg Über,joerg@lawfirm.example,filing-agent,{verifier_of(PASSWORD)}\r\n"
    )
    [chunk] = read_roster(io.BytesIO(b"\xef\xbb\xbf" + text.encode()), most_rows=200)

    loaded = await load(place, *chunk.rows, verifiers=chunk.verifiers)

    assert counts(loaded) == (2, 0, 0)
    assert (chunk.unreadable, loaded.refused) == ((), ())
    assert [(row["login"], row["name"], row["role"]) for row in await stored(place)] == [
        ("jpublic", 'Public, Jane "JQ"', "us_trustee"),
        ("jörg", "Jörg Über", "filing_agent"),
    ]
    assert isinstance(await prove(place, somebody(place), login="jo\u0308rg"), FilingAccountProved)


async def test_an_empty_roster_changes_nothing(place: Workplace) -> None:
    loaded = await place.send(a_roster(place.clock()), by=staff(place))

    assert loaded == RosterLoaded(court_id=COURT, added=0, changed=0, unchanged=0)
