"""Verifies a statement from its JSON alone: prices every line anew and must reach the same sums."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.model import (
    CourtTotal,
    FeeSchedule,
    NotPriced,
    Quarter,
    Settlement,
    Usage,
    Waiver,
    in_zone,
)
from services.paa_billing.prices import Pages, count_pages, is_waived, price, schedule_in_force
from services.paa_billing.statements.document import (
    Line,
    Statement,
    StatementDraft,
    WaiverLook,
    canonical_json,
    read_statement,
)
from services.paa_billing.statements.sums import in_order, subtotals_of, totals_of
from shared.money import Cents


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in which a statement isn't what its lines and the fee table make it."""

    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"
