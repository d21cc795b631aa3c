"""How the demonstration ends: printed, and as `.local/demo.json`; read from queries, mail and files."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import msgspec

from deploy.demo import cast, sign_ins
from deploy.demo.desk import DemoError, Person
from deploy.demo.stage import Stage
from deploy.local.binaries import CHECKOUT
from deploy.local.files import write_whole
from deploy.local.mail_sink import read_mails
from deploy.tool import processes, stories
from shared.messages import accounts, linking, paa_billing
from shared.messaging.topology import SERVICES
from shared.money import Cents, dollars

FILES_SECONDS = 90.0
FORMS = ("csv", "json", "pdf")
RESULT = stories.STORIES.parent / "demo.json"


async def write(stage: Stage, priced: str) -> None:
    """Ask for the end of the story, write it down and print it."""
    people = stage.everybody()
    for person in people:
        await person.sign_in()
    held = [(person, await _account(person)) for person in people]
    result: dict[str, Any] = {
        "story": stage.desk.story.record.number,
        "portal_url": stories.web_address(processes.ports_of(stage.desk.story)),
        "login_without_second_factor": _login(stage.of(cast.SEARCHER)),
        "sign_ins": await sign_ins.three(stage),
        "filing_account_to_link": {
            "court_id": cast.ROSTER_COURT,
            "login": cast.FREE_LOGIN,
            "password": cast.FILING_PASSWORDS[cast.FREE_LOGIN],
        },
        "receipts": priced,
        "accounts": [account for _, account in held],
        "filing": [right for person, account in held for right in await _filing(person, account)],
        "memberships": [paid for person, account in held for paid in await _memberships(person, account)],
        "reported": [{"court_id": use.court_id, **msgspec.to_builtins(use.record)} for use in stage.uses],
        "statements": await _statements(stage),
        "mails": [
            {"to": mail.to, "kind": mail.kind, "subject": mail.subject, "correlation_id": mail.correlation_id}
            for mail in await asyncio.to_thread(read_mails, stage.desk.story.mail)
        ],
        "correlation_ids": stage.desk.correlation_ids,
    }
    write_whole(RESULT, msgspec.json.format(msgspec.json.encode(result), indent=1).decode())
    _print(stage, result)


def _login(person: Person) -> dict[str, str]:
    """What a PACER client signs in with: who searches only needs no second factor."""
    return {"username": person.user_name, "password": person.password}


async def _account(person: Person) -> dict[str, str]:
    """The account as its holder is told."""
    mine = await person.ask(accounts.MyAccount(), accounts.AccountShown)
    return {
        "name": f"{mine.first_name} {mine.last_name}",
        "account_id": str(mine.account_id),
        "account_number": mine.account_number,
        "user_name": mine.user_name,
        "email": mine.email,
    }


async def _filing(person: Person, account: dict[str, str]) -> list[dict[str, str]]:
    answer = await person.ask(linking.WhatMayIFile(), linking.FilingRights)
    return [
        {
            "name": account["name"],
            "account_id": str(answer.account_id),
            "court_id": right.court_id,
            "court": right.court_name,
            "role": right.role,
            "login": right.login,
        }
        for right in answer.rights
    ]


async def _memberships(person: Person, account: dict[str, str]) -> list[dict[str, str | None]]:
    """Which firm pays for the person, from when to when, as the person is told."""
    answer = await person.ask(paa_billing.WhoPaysForMe(), paa_billing.MembershipsShown)
    return [
        {
            "account_number": account["account_number"],
            "firm": membership.firm_name,
            "paa_id": str(membership.paa_id),
            "joined_at": membership.joined_at.isoformat(),
            "left_at": membership.left_at.isoformat() if membership.left_at else None,
        }
        for membership in reversed(answer.memberships)
    ]


async def _statements(stage: Stage) -> list[dict[str, Any]]:
    """Each payer's statements; those of a person and, through its administrator, of a firm."""
    found = []
    for person in stage.everybody():
        for statement in await _with_files(person):
            plain = msgspec.to_builtins(statement)
            plain["payer"] = statement.payer_name
            plain["files"] = [_file(stage, file) for file in statement.files]
            found.append(plain)
    return sorted(found, key=lambda statement: str(statement["number"]))


async def _with_files(person: Person) -> tuple[paa_billing.StatementShown, ...]:
    """The statements once all their files are made; a firm's files are told for one statement at a time."""
    listed = await person.ask(paa_billing.MyStatements(), paa_billing.StatementList)
    async with asyncio.timeout(FILES_SECONDS):
        return tuple([await _with_its_files(person, each) for each in listed.statements])


async def _with_its_files(
    person: Person, statement: paa_billing.StatementShown
) -> paa_billing.StatementShown:
    while True:
        query = paa_billing.MyStatementFiles(statement_id=statement.statement_id)
        answer = await person.ask(query, paa_billing.StatementFiles)
        if tuple(sorted(file.form for file in answer.files)) == FORMS:
            return msgspec.structs.replace(statement, files=answer.files)
        await asyncio.sleep(0.3)


def _file(stage: Stage, file: paa_billing.StatementFile) -> dict[str, str]:
    path = stage.desk.story.objects / file.key
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != file.sha256:
        raise DemoError(f"{path.name} is not the file that the statement names")
    return {"form": file.form, "path": shown(path), "sha256": file.sha256}


def _print(stage: Stage, result: dict[str, Any]) -> None:
    story = stage.desk.story
    print(f"\nReceipts at their own dates: {result['receipts']}")
    print(f"\nWho may file where\n  {'person':<18}{'court':<10}{'role':<12}login")
    for right in result["filing"]:
        print(f"  {right['name']:<18}{right['court_id']:<10}{right['role']:<12}{right['login']}")
    print("\nWhat was refused")
    for refusal in stage.refusals:
        print(f"  {refusal}")
    _print_statements(result["statements"])
    _print_mails(result["mails"])
    sign_ins.show(result)
    number = story.record.number
    some_act, some_id = next(iter(stage.desk.correlation_ids.items()))
    print(
        f"\nThe system is running as story {number}. To look further:"
        f"\n  all of this as JSON     {shown(RESULT)}"
        f"\n  the web edge            {result['portal_url']}   (PACER clients: /services/cso-auth)"
        f"\n  services and queues     .venv/bin/nextgen status"
        f"\n  one act in all logs     grep -h {some_id} {_logs(stage)}   ({some_act})"
        f"\n  check a statement       .venv/bin/nextgen verify-statement <its JSON file>"
        f"\n  the mails               {shown(story.mail)}"
        f"\n  stop, start again       make down, make up STORY={number}"
    )


def _print_statements(statements: list[dict[str, Any]]) -> None:
    print("\nWhat each payer owes for 2019-Q4, and why")
    for statement in statements:
        total, waived, credited, due = (
            dollars(Cents(statement[f"{what}_cents"])) for what in ("total", "waived", "credited", "due")
        )
        kind = "Invoice" if statement["kind"] == "invoice" else "Statement of Account"
        print(f"  {statement['payer']:<24}{kind} {statement['number']}")
        print(f"    charged {total}, waived {waived}, paid before {credited}, due {due}")
        for file in statement["files"]:
            print(f"    {file['form']:<5}{file['path']}")


def _print_mails(mails: list[dict[str, Any]]) -> None:
    kinds: dict[str, int] = {}
    for mail in mails:
        kinds[mail["kind"]] = kinds.get(mail["kind"], 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"\n{len(mails)} mails: {counted}")


def _logs(stage: Stage) -> str:
    folder = processes.log_of(stage.desk.story, SERVICES[0]).parent
    return f"{shown(folder)}/*.log"


def shown(path: Path) -> str:
    """A path as a person in the checkout names it."""
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)
