"""What came of a drill: accepted, done once, lost, doubled; read from the services' own tables."""

from collections import Counter
from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING, Any

import msgspec

from shared.messaging.registry import read_contracts
from shared.messaging.topology import SERVICES
from tests.system.asking import Postbox
from tests.system.billing import statements_of
from tests.system.running import System

if TYPE_CHECKING:
    from tests.faults.drill import Accepted

EFFECTS = {
    "register": ("accounts", "SELECT account_id FROM history WHERE kind = 'registered'"),
    "verify": ("accounts", "SELECT account_id FROM history WHERE kind = 'email_verified'"),
    "invite": ("paa_billing", "SELECT account_id FROM invitations"),
    "accept": ("paa_billing", "SELECT account_id FROM memberships"),
    "link": ("linking", "SELECT account_id FROM links"),
}
"""Where the effect of each of a journey's commands lies, by the account that it is for."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many were accepted, and what became of them."""

    accepted: int
    done_once: int
    lost: int
    doubled: int

    @property
    def is_clean(self) -> bool:
        return self.accepted == self.done_once and not self.lost and not self.doubled


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Whole cents: the uses as accepted, the lines, the ledger, and the statements of the closed quarter."""

    lines_cents: int
    fees_cents: int
    stated_cents: int
    waived_cents: int
    waived_stated_cents: int
    due_cents: int
    due_stated_cents: int

    @property
    def is_clean(self) -> bool:
        return (
            self.lines_cents == self.fees_cents == self.stated_cents
            and self.waived_cents == self.waived_stated_cents
            and self.due_cents == self.due_stated_cents
            and self.fees_cents == self.waived_cents + self.due_cents
        )


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a drill."""

    commands: Count
    uses: Count
    events: Count
    mails: Count
    parked: int
    kills: dict[str, int]
    batches: int
    longest_seconds: float
    books: Books

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing doubled, nothing parked, and the books agree to the cent."""
        counts = (self.commands, self.uses, self.events, self.mails)
        return all(count.is_clean for count in counts) and not self.parked and self.books.is_clean

    def text(self) -> str:
        """As a person reads it."""
        rows = [("", "accepted", "done once", "lost", "doubled")]
        for name in ("commands", "uses", "events", "mails"):
            count: Count = getattr(self, name)
            rows.append((name, *(str(each) for each in msgspec.structs.astuple(count))))
        table = "\n".join(f"{a:10}{b:>10}{c:>11}{d:>7}{e:>9}" for a, b, c, d, e in rows)
        killed = ", ".join(f"{victim} {count}" for victim, count in sorted(self.kills.items()))
        books = self.books
        return "\n".join(
            (
                table,
                f"parked {self.parked}; {self.batches} usage batches; killed: {killed}",
                f"longest outage seen by a caller: {self.longest_seconds:.1f} s",
                f"books in cents: lines {books.lines_cents}, fees {books.fees_cents}, "
                f"stated {books.stated_cents}; waived {books.waived_cents} + due {books.due_cents}: "
                + ("agree" if books.is_clean else "DISAGREE"),
            )
        )


async def report_on(system: System, accepted: "Accepted", quarter: str, postbox: Postbox) -> Report:
    """Compare what was accepted with what is there, one by one."""
    return Report(
        commands=await _commands(system, accepted),
        uses=await _uses(system, accepted),
        events=await _events(system),
        mails=await _mails(system, postbox),
        parked=len(await system.parked()),
        kills=dict(accepted.kills),
        batches=accepted.batches,
        longest_seconds=round(accepted.longest_seconds, 1),
        books=await _books(system, quarter),
    )


def compare(accepted: Collection[Hashable], effects: Counter[Any]) -> Count:
    """Each accepted thing against how often its effect is there; effects of nothing accepted are doubled."""
    wanted = set(accepted)
    return Count(
        accepted=len(accepted),
        done_once=sum(effects[each] == 1 for each in wanted),
        lost=sum(effects[each] == 0 for each in wanted),
        doubled=sum(count - (each in wanted) for each, count in effects.items() if count > 1)
        + sum(each not in wanted for each, count in effects.items() if count == 1),
    )


async def _commands(system: System, accepted: "Accepted") -> Count:
    found: Counter[Any] = Counter()
    for name, (service, query) in EFFECTS.items():
        rows = await system.rows(service, query)
        found.update((name, row["account_id"]) for row in rows if row["account_id"] in accepted.people)
    count = compare([(name, person) for person in accepted.people for name in EFFECTS], found)
    # What was answered is counted where it was answered; a journey that ended early would show here.
    return msgspec.structs.replace(count, accepted=accepted.commands.total())


async def _uses(system: System, accepted: "Accepted") -> Count:
    rows = await system.rows("paa_billing", "SELECT court_id, usage_id FROM usage_lines")
    return compare(accepted.uses, Counter(tuple(row) for row in rows))


async def _events(system: System) -> Count:
    """Every event that was announced, in the inbox of every service that subscribes to it."""
    contracts = read_contracts()
    wanted: list[Hashable] = []
    for service in SERVICES:
        for row in await system.rows(service, "SELECT message_id, type FROM announced"):
            contract = contracts[row["type"]]
            if contract.kind == "event":
                wanted += [(queue, row["message_id"]) for queue in contract.queues]
    found: Counter[Any] = Counter()
    for service in SERVICES:
        query = "SELECT queue, message_id FROM inbox WHERE queue LIKE '%.events'"
        found.update(tuple(row) for row in await system.rows(service, query))
    return compare(wanted, found)


async def _mails(system: System, postbox: Postbox) -> Count:
    """Each notification as one mail; the same mail may have come again where that is on record."""
    rows = await system.rows("notify", "SELECT id, state, is_possible_duplicate FROM notifications")
    copies = Counter(mail.message_id.strip("<>").partition("@")[0] for mail in postbox.mails())
    for row in rows:
        if row["is_possible_duplicate"] and copies[str(row["id"])] > 1:
            copies[str(row["id"])] = 1
    return compare([str(row["id"]) for row in rows], copies)


async def _books(system: System, quarter: str) -> Books:
    (lines,) = await system.rows(
        "paa_billing",
        "SELECT coalesce(sum(gross_cents - exempt_cents), 0)::int AS cents FROM usage_lines"
        " WHERE billed_quarter = $1",
        quarter,
    )
    entries = await system.rows(
        "paa_billing", "SELECT debit_kind, credit_kind, amount_cents FROM ledger_entries"
    )
    balances: Counter[str] = Counter()
    for entry in entries:
        balances[entry["debit_kind"]] += entry["amount_cents"]
        balances[entry["credit_kind"]] -= entry["amount_cents"]
    totals = [each["totals"] for each in (await statements_of(system, quarter)).values()]
    return Books(
        lines_cents=lines["cents"],
        fees_cents=-balances["fees"],
        stated_cents=sum(each["gross_cents"] - each["exempt_cents"] for each in totals),
        waived_cents=balances["waived"],
        waived_stated_cents=sum(each["waived_cents"] for each in totals),
        due_cents=balances["receivable"],
        due_stated_cents=sum(each["due_cents"] for each in totals),
    )
