"""The waiver of a quarter, and what the quarter comes to for each payer."""

from collections.abc import Iterable
from datetime import tzinfo
from uuid import UUID

from services.paa_billing.model import (
    FeeSchedule,
    PayerTotals,
    Quarter,
    Settlement,
    SettlementRefused,
    Waiver,
    WaiverSubject,
)
from services.paa_billing.model.firms import Firm
from services.paa_billing.prices import is_waived, schedule_in_force
from shared.messages.paa_billing import QuarterRefused
from shared.money import Cents


def choose_waiver_schedule(
    schedules: Iterable[FeeSchedule], quarter: Quarter, business_zone: tzinfo
) -> FeeSchedule | QuarterRefused:
    """The schedule whose waiver a quarter is closed by: the one in force at the quarter's last instant."""
    schedule = schedule_in_force(schedules, quarter.last_instant(business_zone), business_zone)
    if schedule is None:
        return QuarterRefused(quarter=str(quarter), reason="no_schedule_in_force")
    if schedule.waiver_period != "quarter":
        return QuarterRefused(
            quarter=str(quarter), reason="yearly_waiver", schedule_effective_on=schedule.effective_on
        )
    return schedule


def settle_payer(
    totals: PayerTotals, schedule: FeeSchedule, waiver_subject: WaiverSubject, balance_before_cents: Cents
) -> Settlement | SettlementRefused:
    """What a quarter comes to for one payer, under the schedule that `choose_waiver_schedule` answered.

    `balance_before_cents` is the ledger's balance of the payer just before: positive owed, negative a credit.
    """
    charged_cents = Cents(sum(court.gross_cents - court.exempt_cents for court in totals.courts))
    charged_to_people_cents = Cents(sum(person.charged_cents for person in totals.people))
    if charged_cents != charged_to_people_cents:
        return SettlementRefused(
            payer_id=totals.payer_id,
            reason="courts_and_people_disagree",
            expected_cents=charged_cents,
            found_cents=charged_to_people_cents,
        )
    return Settlement(
        payer_id=totals.payer_id,
        payer_kind=totals.payer_kind,
        quarter=totals.quarter,
        line_count=totals.line_count,
        courts=tuple(sorted(totals.courts, key=lambda court: court.court_id)),
        waivers=_look_at_waivers(totals, charged_cents, schedule, waiver_subject),
        waiver_schedule_on=schedule.effective_on,
        balance_before_cents=balance_before_cents,
    )


def held_against_waiver(
    firm: Firm | None, charged: Cents, charged_to_all_payers: Cents, waiver_subject: WaiverSubject
) -> Cents | None:
    """What the waiver of a running quarter looks at, as `settle_payer` will: of a firm, or else of a person.

    None for a firm whose people are each the subject of a waiver.
    """
    if firm is None:
        return charged_to_all_payers
    return charged if waiver_subject == "payer" else None


def _look_at_waivers(
    totals: PayerTotals, charged_cents: Cents, schedule: FeeSchedule, waiver_subject: WaiverSubject
) -> tuple[Waiver, ...]:
    """Whose charges are held against the limit, where anything was charged.

    A firm is looked at as a whole, unless the policy makes each person the subject. A person's own threshold
    counts what all payers together are charged for that person: else joining and leaving would earn two.
    """
    people = sorted(totals.people, key=lambda person: person.account_id)
    subjects: list[tuple[UUID | None, Cents, Cents]]
    if totals.payer_kind == "paa" and waiver_subject == "payer":
        subjects = [(None, charged_cents, charged_cents)]
    else:
        subjects = [
            (each.account_id, each.charged_cents, each.charged_to_all_payers_cents) for each in people
        ]
    return tuple(_look(*subject, schedule) for subject in subjects if subject[1] > 0)


def _look(account_id: UUID | None, charged: Cents, looked_at: Cents, schedule: FeeSchedule) -> Waiver:
    return Waiver(
        account_id=account_id,
        charged_cents=charged,
        looked_at_cents=looked_at,
        limit_cents=schedule.waiver_cents,
        waived_cents=charged if is_waived(looked_at, schedule) else Cents(0),
    )
