"""Prices, waiver and ledger: each shipped example, each boundary, and what must hold for all amounts."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.paa_billing import data, ledger
from services.paa_billing.data.rows import RowError
from services.paa_billing.model import (
    CourtTotal,
    Exemption,
    FeeSchedule,
    NotPriced,
    PayerKind,
    PayerTotals,
    PersonTotal,
    Price,
    Quarter,
    Settlement,
    SettlementRefused,
    Usage,
    UsageKind,
    WaiverSubject,
)
from services.paa_billing.prices import FREE, PAGED, exemption_in_force, is_waived, price, schedule_in_force
from services.paa_billing.rules import choose_waiver_schedule, settle_payer
from shared.messages.paa_billing import QuarterRefused
from shared.money import Cents, cents_from, decimal_text, dollars

SCHEDULES = data.load_fee_schedules()
CHICAGO = ZoneInfo("America/Chicago")
EXEMPTION = UUID(int=7)
PAYER = UUID(int=1)
ADA, BEN = UUID(int=11), UUID(int=12)
IN_2024 = datetime(2024, 3, 5, 18, tzinfo=UTC)
FIRST_QUARTER = Quarter(2024, 1)

EXAMPLES = list(csv.DictReader(data.PRICE_EXAMPLES.open(newline="")))


def schedule_on(year: int, month: int, day: int) -> FeeSchedule:
    noon = datetime(year, month, day, 12, tzinfo=CHICAGO)
    schedule = schedule_in_force(SCHEDULES, noon, CHICAGO)
    assert schedule is not None
    return schedule


TODAYS = schedule_on(2024, 3, 5)


def priced(usage: Usage, schedule: FeeSchedule = TODAYS, exemption: UUID | None = None) -> Price:
    outcome = price(usage, schedule, exemption)
    assert isinstance(outcome, Price)
    return outcome


def a_number(text: str) -> int | None:
    return int(text) if text else None


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda row: f"{row['kind']}-{row['why']}")
def test_each_price_example_prices_to_the_cent(example: dict[str, str]) -> None:
    schedule = schedule_on(*date.fromisoformat(example["on"]).timetuple()[:3])
    usage = Usage(
        kind=next(kind for kind in (*PAGED, *FREE, "audio") if kind == example["kind"]),
        page_count=a_number(example["pages"]),
        byte_count=a_number(example["bytes"]),
        record_count=a_number(example["records"]),
    )

    outcome = priced(usage, schedule, EXEMPTION if example["exempt"] == "yes" else None)

    assert outcome.charged_cents == int(example["expected_cents"])


def test_there_are_examples_for_every_kind_but_the_mere_variants() -> None:
    assert len(EXAMPLES) == 24
    assert {row["kind"] for row in EXAMPLES} >= FREE | {"document", "transcript", "name_search", "audio"}


def test_the_reasons_name_the_rules_in_the_order_they_applied() -> None:
    docket = priced(Usage(kind="docket_report", byte_count=4320 * 30 + 1), exemption=EXEMPTION)

    assert docket.reasons == ("bytes_as_pages", "per_page", "capped_at_30_pages", "exempt")
    assert (docket.gross_cents, docket.exempt_cents, docket.charged_cents) == (300, 300, 0)
    assert priced(Usage(kind="case_locator", record_count=0)).reasons == (
        "empty_search_is_one_page",
        "per_page",
    )
    assert priced(Usage(kind="case_locator", record_count=55)).reasons == ("records_as_pages", "per_page")
    assert priced(Usage(kind="document", page_count=30)).reasons == ("per_page",)
    assert priced(Usage(kind="opinion", page_count=9), exemption=EXEMPTION).reasons == ("free_kind",)
    assert priced(Usage(kind="audio")).reasons == ("per_file",)


def test_audio_before_it_had_a_price_is_not_priced_at_all() -> None:
    outcome = price(Usage(kind="audio"), schedule_on(2012, 3, 31), None)

    assert outcome == NotPriced(reason="kind_not_in_schedule", field="kind")
    assert priced(Usage(kind="audio"), schedule_on(2012, 4, 1)).charged_cents == 240


@pytest.mark.parametrize(
    ("usage", "reason", "field"),
    [
        (Usage(kind="document"), "size_missing", "page_count"),
        (Usage(kind="docket_report", page_count=1, byte_count=10), "size_given_twice", "byte_count"),
        (Usage(kind="document", byte_count=4320), "size_not_of_this_kind", "byte_count"),
        (Usage(kind="name_search", record_count=54), "size_not_of_this_kind", "record_count"),
        (Usage(kind="document", page_count=0), "size_too_small", "page_count"),
        (Usage(kind="transcript", page_count=-1), "size_too_small", "page_count"),
        (Usage(kind="case_locator", record_count=-1), "size_too_small", "record_count"),
        (Usage(kind="docket_report", byte_count=0), "size_too_small", "byte_count"),
    ],
)
def test_a_size_that_no_price_follows_from_is_named(usage: Usage, reason: str, field: str) -> None:
    outcome = price(usage, TODAYS)

    assert isinstance(outcome, NotPriced)
    assert (outcome.reason, outcome.field) == (reason, field)


@given(kind=st.sampled_from(sorted(PAGED)), pages=st.integers(1, 10**7), schedule=st.sampled_from(SCHEDULES))
def test_pages_cost_the_page_price_up_to_the_cap_where_there_is_one(
    kind: UsageKind, pages: int, schedule: FeeSchedule
) -> None:
    billed = min(pages, 30) if PAGED[kind].is_capped else pages

    assert priced(Usage(kind=kind, page_count=pages), schedule).gross_cents == billed * schedule.page_cents


@given(size=st.integers(1, 10**15))
def test_a_started_page_counts_as_a_page_however_large_the_report(size: int) -> None:
    cents = priced(Usage(kind="non_case_report", byte_count=size)).gross_cents

    assert (cents // 10 - 1) * 4320 < size <= cents // 10 * 4320


def test_the_schedule_changes_at_midnight_of_the_business_zone() -> None:
    midnight = datetime(2027, 1, 1, 6, tzinfo=UTC)

    before = schedule_in_force(SCHEDULES, midnight - timedelta(microseconds=1), CHICAGO)
    after = schedule_in_force(SCHEDULES, midnight, CHICAGO)

    assert before is not None
    assert after is not None
    assert (before.page_cents, after.page_cents) == (10, 12)


def test_before_the_first_schedule_there_is_none_and_a_naive_time_is_refused() -> None:
    assert schedule_in_force(SCHEDULES, datetime(2004, 12, 31, 12, tzinfo=UTC), CHICAGO) is None
    with pytest.raises(ValueError, match="zone"):
        schedule_in_force(SCHEDULES, datetime(2024, 1, 1), CHICAGO)  # noqa: DTZ001


def an_exemption(
    number: int, court_id: str | None = None, ends_at: datetime | None = None, must_be_claimed: bool = False
) -> Exemption:
    return Exemption(
        id=UUID(int=number),
        account_id=ADA,
        court_id=court_id,
        starts_at=IN_2024,
        ends_at=ends_at,
        must_be_claimed=must_be_claimed,
        reason="a study of dockets",
    )


def test_an_exemption_holds_for_its_person_court_time_and_claim_only() -> None:
    hour = timedelta(hours=1)
    one_court = an_exemption(1, court_id="ncwbk", ends_at=IN_2024 + hour)
    cja = an_exemption(2, must_be_claimed=True)

    def found(court_id: str, at: datetime, is_claimed: bool = False, account_id: UUID = ADA) -> UUID | None:
        exemption = exemption_in_force(
            (cja, one_court), account_id=account_id, court_id=court_id, at=at, is_claimed=is_claimed
        )
        return None if exemption is None else exemption.id

    assert found("ncwbk", IN_2024) == one_court.id
    assert found("ncwbk", IN_2024 - timedelta(microseconds=1)) is None
    assert found("ncwbk", IN_2024 + hour) is None
    assert found("nysdc", IN_2024) is None
    assert found("nysdc", IN_2024, is_claimed=True) == cja.id
    assert found("ncwbk", IN_2024, account_id=BEN) is None


def totals(
    *people: tuple[UUID, int, int], payer_kind: PayerKind = "person", quarter: Quarter = FIRST_QUARTER
) -> PayerTotals:
    """Each person: account, charged to this payer, charged to all payers."""
    charged = Cents(sum(person[1] for person in people))
    return PayerTotals(
        payer_id=PAYER,
        payer_kind=payer_kind,
        quarter=quarter,
        line_count=len(people),
        courts=(CourtTotal(court_id="ncwbk", gross_cents=charged, exempt_cents=Cents(0)),),
        people=tuple(
            PersonTotal(
                account_id=account_id,
                charged_cents=Cents(here),
                charged_to_all_payers_cents=Cents(everywhere),
            )
            for account_id, here, everywhere in people
        ),
    )


def settled(
    payer_totals: PayerTotals, waiver_subject: WaiverSubject = "payer", balance_before: int = 0
) -> Settlement:
    outcome = settle_payer(payer_totals, TODAYS, waiver_subject, Cents(balance_before))
    assert isinstance(outcome, Settlement)
    return outcome


def test_a_quarter_at_the_limit_is_waived_and_one_cent_more_is_not() -> None:
    at_the_limit = settled(totals((ADA, 3000, 3000)))
    one_cent_more = settled(totals((ADA, 3001, 3001)))

    assert (at_the_limit.waived_cents, at_the_limit.balance_cents) == (3000, 0)
    assert (one_cent_more.waived_cents, one_cent_more.balance_cents) == (0, 3001)
    assert is_waived(Cents(3000), TODAYS)
    assert not is_waived(Cents(3001), TODAYS)


def test_joining_and_leaving_does_not_earn_a_person_two_waivers() -> None:
    own_part = settled(totals((ADA, 2000, 4000)))
    firms_part_by_person = settled(totals((ADA, 2000, 4000), payer_kind="paa"), "person")

    assert own_part.waived_cents == 0
    assert firms_part_by_person.waived_cents == 0


def test_a_firm_is_looked_at_as_a_whole_or_by_person_as_the_policy_says() -> None:
    of_a_firm = totals((ADA, 2000, 2000), (BEN, 3001, 3001), payer_kind="paa")

    assert settled(of_a_firm, "payer").waived_cents == 0
    assert settled(of_a_firm, "person").waived_cents == 2000
    whole = settled(totals((ADA, 2000, 9000), (BEN, 1000, 9000), payer_kind="paa"), "payer")
    assert whole.waived_cents == 3000


def test_a_credit_pays_new_fees_before_money_is_asked_for() -> None:
    part = settled(totals((ADA, 5000, 5000)), balance_before=-2000)
    whole = settled(totals((ADA, 5000, 5000)), balance_before=-9000)

    assert (part.credited_cents, part.newly_due_cents, part.balance_cents) == (2000, 3000, 3000)
    assert (whole.credited_cents, whole.newly_due_cents, whole.balance_cents) == (5000, 0, -4000)


def test_sums_by_court_and_by_person_that_differ_are_refused() -> None:
    wrong = totals((ADA, 5000, 5000))
    more = CourtTotal(court_id="nysdc", gross_cents=Cents(1), exempt_cents=Cents(0))

    outcome = settle_payer(
        PayerTotals(
            payer_id=PAYER,
            payer_kind="person",
            quarter=FIRST_QUARTER,
            line_count=2,
            courts=(*wrong.courts, more),
            people=wrong.people,
        ),
        TODAYS,
        "payer",
        Cents(0),
    )

    assert outcome == SettlementRefused(
        payer_id=PAYER,
        reason="courts_and_people_disagree",
        expected_cents=Cents(5001),
        found_cents=Cents(5000),
    )


def test_a_quarter_under_a_yearly_waiver_can_be_priced_but_not_closed() -> None:
    last_of_2009 = Quarter(2009, 4)

    outcome = choose_waiver_schedule(SCHEDULES, last_of_2009, CHICAGO)

    assert outcome == QuarterRefused(
        quarter=str(last_of_2009), reason="yearly_waiver", schedule_effective_on=date(2005, 1, 1)
    )
    assert priced(Usage(kind="document", page_count=1), schedule_on(2009, 12, 31)).charged_cents == 8
    with pytest.raises(ValueError, match="yearly"):
        is_waived(Cents(0), schedule_on(2009, 12, 31))


def test_the_waiver_is_that_of_the_quarters_last_instant() -> None:
    with_change_inside = choose_waiver_schedule(SCHEDULES, Quarter(2010, 1), CHICAGO)
    last_at_30_dollars = choose_waiver_schedule(SCHEDULES, Quarter(2026, 4), CHICAGO)
    before_all = choose_waiver_schedule(SCHEDULES, Quarter(2004, 4), CHICAGO)

    assert isinstance(with_change_inside, FeeSchedule)
    assert with_change_inside.effective_on == date(2010, 3, 16)
    assert isinstance(last_at_30_dollars, FeeSchedule)
    assert last_at_30_dollars.waiver_cents == 3000
    assert before_all == QuarterRefused(quarter="2004-Q4", reason="no_schedule_in_force")


amounts = st.integers(0, 10_000_000)
court_totals = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8)


@given(
    courts=court_totals,
    elsewhere=amounts,
    balance_before=st.integers(-20_000_000, 20_000_000),
    payer_kind=st.sampled_from(["person", "paa"]),
    waiver_subject=st.sampled_from(["payer", "person"]),
)
def test_every_cent_is_exempt_waived_credited_or_due_and_the_book_balances(
    courts: list[tuple[int, int]],
    elsewhere: int,
    balance_before: int,
    payer_kind: PayerKind,
    waiver_subject: WaiverSubject,
) -> None:
    charged = Cents(sum(cents for cents, _ in courts))
    payer_totals = PayerTotals(
        payer_id=PAYER,
        payer_kind=payer_kind,
        quarter=FIRST_QUARTER,
        line_count=len(courts),
        courts=tuple(
            CourtTotal(
                court_id=f"court{index}", gross_cents=Cents(charged_here + exempt), exempt_cents=Cents(exempt)
            )
            for index, (charged_here, exempt) in enumerate(courts)
        ),
        people=(
            PersonTotal(
                account_id=ADA,
                charged_cents=charged,
                charged_to_all_payers_cents=Cents(charged + elsewhere),
            ),
        ),
    )

    outcome = settled(payer_totals, waiver_subject, balance_before)
    standing = ledger.Standing(
        receivable_cents=Cents(max(balance_before, 0)), unapplied_cents=Cents(max(-balance_before, 0))
    )
    entries = ledger.settlement_entries(outcome, standing, lambda index: UUID(int=index))

    parts = (outcome.exempt_cents, outcome.waived_cents, outcome.credited_cents, outcome.newly_due_cents)
    assert all(part >= 0 for part in parts)
    assert sum(parts) == outcome.gross_cents
    assert outcome.waived_cents in (0, outcome.charged_cents)
    assert balance_of(ledger.receivable(PAYER), entries) == outcome.newly_due_cents
    assert balance_of(ledger.unapplied_cash(PAYER), entries) == outcome.credited_cents
    assert balance_of(ledger.WAIVED, entries) == outcome.waived_cents
    assert balance_of(ledger.EXEMPTED, entries) == outcome.exempt_cents
    for court in outcome.courts:
        assert balance_of(ledger.fees(court.court_id), entries) == -court.gross_cents
    assert len({entry.id for entry in entries}) == len(entries)


def balance_of(account: ledger.LedgerAccount, entries: tuple[ledger.LedgerEntry, ...]) -> int:
    debits = sum(entry.amount_cents for entry in entries if entry.debit == account)
    return debits - sum(entry.amount_cents for entry in entries if entry.credit == account)


def test_a_reversal_undoes_its_entry_and_is_not_reversed_itself() -> None:
    entry = ledger.LedgerEntry(
        id=UUID(int=1), debit=ledger.receivable(PAYER), credit=ledger.fees("ncwbk"), amount_cents=Cents(10)
    )

    undone = ledger.reverse(entry, UUID(int=2))

    assert undone.reverses == entry.id
    for account in (ledger.receivable(PAYER), ledger.fees("ncwbk")):
        assert balance_of(account, (entry, undone)) == 0
    with pytest.raises(ValueError, match="reversal"):
        ledger.reverse(undone, UUID(int=3))


def test_an_entry_or_account_that_could_not_be_read_back_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="positive"):
        ledger.LedgerEntry(id=PAYER, debit=ledger.CASH, credit=ledger.WAIVED, amount_cents=Cents(0))
    with pytest.raises(ValueError, match="two accounts"):
        ledger.LedgerEntry(id=PAYER, debit=ledger.CASH, credit=ledger.CASH, amount_cents=Cents(1))
    with pytest.raises(ValueError, match="court"):
        ledger.LedgerAccount("fees")
    with pytest.raises(ValueError, match="payer"):
        ledger.LedgerAccount("cash", payer_id=PAYER)


def test_a_quarter_begins_and_ends_at_midnight_of_the_business_zone() -> None:
    first = Quarter(2024, 1)

    assert first.starts_at(CHICAGO) == datetime(2024, 1, 1, 6, tzinfo=UTC)
    assert first.ends_at(CHICAGO) == datetime(2024, 4, 1, 5, tzinfo=UTC)
    assert Quarter.of(first.last_instant(CHICAGO), CHICAGO) == first
    assert Quarter.of(first.ends_at(CHICAGO), CHICAGO) == Quarter(2024, 2)
    assert Quarter(2024, 4).following == Quarter(2025, 1)
    assert Quarter.parse("2025-Q1") == Quarter(2025, 1)
    for text in ("2025-Q5", "2025Q1", "2025-Q1 ", "٢٠٢٥-Q1"):
        with pytest.raises(ValueError, match="quarter"):
            Quarter.parse(text)


def test_money_is_written_and_read_without_a_float() -> None:
    assert dollars(Cents(123456)) == "$1,234.56"
    assert dollars(Cents(-5)) == "-$0.05"
    assert decimal_text(Cents(-123456)) == "-1234.56"
    assert cents_from("1234.56") == 123456
    for text in ("1.5", ".50", "-1.00", "1,000.00", "1.000", "\u0661.\u0660\u0660", "1.00\n", ""):
        with pytest.raises(ValueError, match="amount"):
            cents_from(text)


@given(cents=st.integers(0, 10**13))
def test_an_amount_read_back_is_the_same_amount(cents: int) -> None:
    assert cents_from(decimal_text(Cents(cents))) == cents


@pytest.mark.parametrize(
    ("line", "row", "field"),
    [
        (2, "2005-1-1,8,30,,1000,year,", "effective_on"),
        (2, "2005-01-01,8.0,30,,1000,year,", "page_cents"),
        (2, "2005-01-01,8,0,,1000,year,", "document_cap_pages"),
        (2, "2005-01-01,8,30,-1,1000,year,", "audio_file_cents"),
        (2, "2005-01-01,8,30,,,year,", "waiver_cents"),
        (2, "2005-01-01,8,30,,1000,month,", "waiver_period"),
        (3, "2005-01-01,8,30,,1000,year,\n2005-01-01,8,30,,1000,year,", "effective_on"),
        (2, "2005-01-01,8,30,,1000,year", None),
    ],
)
def test_a_wrong_row_of_the_fee_table_is_named_by_line_and_field(
    tmp_path: Path, line: int, row: str, field: str | None
) -> None:
    table = tmp_path / "fees.csv"
    table.write_text(",".join(data.SCHEDULE_COLUMNS) + "\n" + row + "\n")

    with pytest.raises(RowError) as raised:
        data.load_fee_schedules(table)

    assert (raised.value.line, raised.value.field) == (line, field)


def test_all_courts_are_known_by_their_host_code() -> None:
    court_ids = data.load_court_ids()

    assert len(court_ids) == 205
    assert court_ids["ncwb"] == "ncwbk"
