"""What the intake of usage is measured with: a court that reports batches, and what they must come to."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.paa_billing.model import Quarter
from shared.clock import real_clock
from shared.messages.paa_billing import RecordUsage
from shared.messaging.ids import new_id
from shared.policies import read_policies

OWNER, COURT = "paa_billing", "ncwbk"
PEOPLE, FIRMS = 1_000, 20
MEMBERS = PEOPLE // 2
"""So many of the people have a firm; half of these have changed it in the middle of `SPAN`."""
USES_IN_BATCH, REPEATED_IN_BATCH = 500, 10
ACTIVE_AT_ONCE = 100
"""People whose uses are in one batch: who works, works for a while."""
SPAN = timedelta(minutes=50)
"""All uses lie in it: in one quarter, and on both sides of the instant at which people changed their firm."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One message: its ids, its body, the ids of its uses, and what these cost together."""

    message_id: UUID
    body: bytes
    usage_ids: tuple[str, ...]
    gross_cents: int


class Reporting:
    """A court that numbers its uses one after the other, and reports some of a batch twice."""

    def __init__(self, latest: datetime) -> None:
        self._latest = latest
        self._chance = random.Random(1)  # noqa: S311 (the same uses in each run)
        self._reported = 0

    def next_batches(self, count: int) -> list[Batch]:
        """Batches of uses that were not reported before."""
        return [self._batch(USES_IN_BATCH - REPEATED_IN_BATCH, REPEATED_IN_BATCH) for _ in range(count)]

    def next_single_uses(self, count: int) -> list[Batch]:
        """As many messages with one use each."""
        return [self._batch(1, 0) for _ in range(count)]

    def _batch(self, new: int, repeated: int) -> Batch:
        active = [self._chance.randrange(PEOPLE) for _ in range(ACTIVE_AT_ONCE)]
        uses = [self._use(active) for _ in range(new)]
        records = [msgspec.Raw(msgspec.json.encode(use)) for use, _ in uses]
        command = RecordUsage(
            court_id=COURT, batch_id=new_id(real_clock()), records=records + records[:repeated]
        )
        return Batch(
            message_id=new_id(real_clock()),
            body=msgspec.json.encode(command),
            usage_ids=tuple(str(use["usage_id"]) for use, _ in uses),
            gross_cents=sum(cents for _, cents in uses),
        )

    def _use(self, active: Sequence[int]) -> tuple[dict[str, object], int]:
        """A use, and what it costs: ten cents a page, at most thirty pages but for the case locator."""
        self._reported += 1
        amount = self._chance.randint(1, 40)
        kind, size, number, pages = self._chance.choice(
            (
                ("document", "pages", amount, min(amount, 30)),
                ("docket_report", "bytes", amount * 4_320, min(amount, 30)),
                ("case_locator", "records", amount * 54, amount),
            )
        )
        use: dict[str, object] = {
            "usage_id": f"{self._reported:012}",
            "account_number": account_number(self._chance.choice(active)),
            "used_at": (self._latest - SPAN * self._chance.random()).isoformat(),
            "kind": kind,
            size: number,
            "description": "Motion for relief from stay, with exhibits",
            "case_number": f"3:24-bk-{self._chance.randrange(100_000):05}",
            "client_code": f"client {self._chance.randrange(50)}",
        }
        return use, pages * 10


def account_number(place: int) -> str:
    """The number of one of the people."""
    return f"{place + 1_000_000}"


def latest_use() -> datetime:
    """The end of `SPAN`: now, or so much after the quarter's beginning that all uses fall into one."""
    zone, now = read_policies().zone, real_clock()
    return max(now, Quarter.of(now, zone).starts_at(zone) + SPAN)
