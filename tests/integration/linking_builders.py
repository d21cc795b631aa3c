"""What the tests of `linking` share: a court with a roster, and people who want to link."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.linking.handlers.courts import load_shipped_courts
from services.linking.service import SERVICE
from services.linking.settings import Resources
from shared.assertion import Assertion, Role
from shared.bounded_threads import BoundedThreads
from shared.database import Pool
from shared.messages.accounts import AccountChanged
from shared.messages.linking import (
    ConfirmLink,
    FilingAccountLinked,
    FilingAccountProved,
    FilingRights,
    LinkRefused,
    LoadRoster,
    ProveFilingAccount,
    RosterLoaded,
    RosterRow,
    UnlinkFilingAccount,
    WhatMayIFile,
)
from shared.messaging.due_work import take_due
from shared.messaging.registry import Service, decode
from shared.policies import Policies, read_policies
from shared.sealed import to_be_sealed
from tests.messaging import NOON, Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
COURT = "ncwbk"
PASSWORD = "Tarheel-Docket-77"


class CountingThreads(BoundedThreads):
    """Threads that remember how much work they were given."""

    def __init__(self, *, waiting_limit: int = 64) -> None:
        super().__init__("test", thread_count=2, waiting_limit=waiting_limit)
        self.run_count = 0

    async def run(self, work: Callable[[], Any]) -> Any:
        self.run_count += 1
        return await super().run(work)


def resources(*, waiting_limit: int = 64, **linking_policies: Any) -> Resources:
    """The shipped policies, but for those named."""
    policies = read_policies()
    changed: Policies = msgspec.structs.replace(
        policies, linking=msgspec.structs.replace(policies.linking, **linking_policies)
    )
    return Resources(
        policies=changed, hashing=CountingThreads(waiting_limit=waiting_limit), digest_key=b"k" * 32
    )


async def a_workplace(workplace_of: Make, *, now: datetime = NOON, **changes: Any) -> Workplace:
    """Linking with its shipped courts loaded, at the instant given."""
    place = await workplace_of(SERVICE, resources(**changes))
    if now != NOON:
        place.clock.now = now
        await place.pool.execute(
            "SELECT ensure_partitions($1, $2)", now - timedelta(days=2), now + timedelta(days=40)
        )
    await load_shipped_courts(place.bench)
    return place


def verifier_of(password: str, scheme: str = "sha256") -> str:
    """A court's verifier of a fast scheme."""
    return f"{scheme}${hashlib.new(scheme, password.encode()).hexdigest()}"


def a_row(login: str = "jpublic", **changes: Any) -> RosterRow:
    """A row of a roster; name what differs."""
    usual = {
        "line": 2,
        "login": login,
        "name": "Jane Q. Public",
        "email": f"{login}@lawfirm.example",
        "role": "attorney",
    }
    return RosterRow(**{**usual, **changes})


def staff(place: Workplace, court_id: str | None = COURT, **changes: Any) -> Assertion:
    """A court's staff, signed in just now."""
    role = Role(role="court_staff", court_id=court_id)
    return an_assertion("linking", place.clock(), roles=(role,), **changes)


def somebody(place: Workplace, **changes: Any) -> Assertion:
    """An upgraded individual, signed in just now."""
    return an_assertion("linking", place.clock(), **changes)


def again(place: Workplace, who: Assertion, **changes: Any) -> Assertion:
    """The same session, resolved and proved anew at the present instant."""
    now = place.clock()
    fresh = {"issued_at": now, "expires_at": now + timedelta(seconds=60), "proved_at": now}
    return msgspec.structs.replace(who, **{**fresh, **changes})


def a_roster(
    now: datetime,
    *rows: RosterRow,
    verifiers: Sequence[str] | None = None,
    court_id: str = COURT,
    **whole: Any,
) -> LoadRoster:
    """Rows to load, with their verifiers; each is of `PASSWORD` if none are named."""
    texts = [verifier_of(PASSWORD)] * len(rows) if verifiers is None else verifiers
    sealed = to_be_sealed(json.dumps(texts), reader="linking", expires_at=now + timedelta(minutes=1))
    return LoadRoster(court_id=court_id, rows=rows, verifiers=sealed, **whole)


async def load(place: Workplace, *rows: RosterRow, court_id: str = COURT, **how: Any) -> RosterLoaded:
    """Load a roster as the court's staff."""
    roster = a_roster(place.clock(), *(rows or (a_row(),)), court_id=court_id, **how)
    loaded = await place.send(roster, by=staff(place, court_id))
    assert isinstance(loaded, RosterLoaded), loaded
    return loaded


async def prove(
    place: Workplace,
    who: Assertion,
    *,
    login: str = "jpublic",
    password: str = PASSWORD,
    court_id: str = COURT,
) -> Any:
    """Ask for a proof and answer what comes."""
    sealed = to_be_sealed(password, reader="linking", expires_at=place.clock() + timedelta(minutes=1))
    return await place.send(ProveFilingAccount(court_id=court_id, login=login, password=sealed), by=who)


async def proved(place: Workplace, who: Assertion, **how: Any) -> FilingAccountProved:
    """A proof."""
    proof = await prove(place, who, **how)
    assert isinstance(proof, FilingAccountProved), proof
    return proof


async def linked(place: Workplace, who: Assertion, **how: Any) -> FilingAccountLinked:
    """A link, made by proof and confirmation."""
    proof = await proved(place, who, **how)
    link = await place.send(ConfirmLink(proof_id=proof.proof_id), by=who)
    assert isinstance(link, FilingAccountLinked), link
    return link


def account_changed(account_id: UUID | None = None, **changes: Any) -> AccountChanged:
    """The public state of an upgraded, active individual; name what differs."""
    usual: dict[str, Any] = {
        "account_id": account_id or uuid4(),
        "version": 1,
        "account_number": "1234567",
        "first_name": "Jane",
        "last_name": "Public",
        "kind": "individual",
        "generation": "upgraded",
        "status": "active",
        "email_verified": True,
        "is_search_active": True,
        "has_second_factor": True,
    }
    return AccountChanged(**{**usual, **changes})


async def do_due_work(place: Workplace) -> int:
    """Hand the service what is due now, as the relay's leader does; answers how much it was."""
    async with place.pool.acquire() as connection, connection.transaction():
        rows = await take_due(connection, place.clock(), 100)
    for row in rows:
        await place.send(decode(row.kind, row.body), sender="linking")
    return len(rows)


async def confirm(place: Workplace, who: Assertion, proof_id: Any) -> Any:
    """Confirm a proof and answer what comes."""
    return await place.send(ConfirmLink(proof_id=proof_id), by=who)


async def unlink(place: Workplace, who: Assertion, link_id: Any, remark: str = "") -> Any:
    """End a link and answer what comes."""
    return await place.send(UnlinkFilingAccount(link_id=link_id, remark=remark), by=who)


async def rights_of(place: Workplace, who: Assertion) -> FilingRights:
    """Where somebody may file now."""
    rights = await place.send(WhatMayIFile(), by=who)
    assert isinstance(rights, FilingRights)
    return rights


def refused(reason: str, court_id: str | None = COURT) -> LinkRefused:
    """A refusal to link."""
    return LinkRefused(court_id=court_id, reason=reason)  # type: ignore[arg-type]


async def text_of_all_tables(pool: Pool) -> str:
    """The names of all tables of a database that hold anything, and the text of every row in them."""
    tables = await pool.fetch(
        """
        SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
         WHERE schemaname = 'public' AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')
        """
    )
    return "\n".join([await _text_of(pool, table["name"]) for table in tables])


async def _text_of(pool: Pool, table: str) -> str:
    rows = await pool.fetch(f"SELECT t::text AS row, t.* FROM {table} AS t")  # noqa: S608
    texts = []
    for row in rows:
        bodies = [value.decode(errors="replace") for value in row.values() if isinstance(value, bytes)]
        texts.append(" ".join((table, row["row"], *bodies)))
    return "\n".join(texts)
