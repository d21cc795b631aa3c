"""Statements: one canonical JSON, the same figures as CSV, and verification from the JSON alone."""

import csv
import dataclasses
import io
import json
import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.paa_billing.model import Quarter, SettlementRefused, UsageLine
from services.paa_billing.statements import (
    StatementDraft,
    canonical_json,
    digest_of,
    draft_statement,
    has_activity,
    issue_statement,
    read_draft,
    read_statement,
    render_csv,
    verify,
)
from shared.money import Cents, decimal_text
from tests.unit.statement_builders import (
    ADA,
    BEN,
    FIRM,
    FIRM_PAYER,
    ISSUED,
    JANUARY,
    a_credit,
    a_firms_lines,
    a_line,
    a_settled_quarter,
    issued,
)


def rows_of(canonical: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(canonical).decode(), newline="")))


def a_firms_statement() -> bytes:
    return issued(a_settled_quarter(a_firms_lines(), payer=FIRM_PAYER))


def problems_after(canonical: bytes, *path: str | int, value: object) -> list[str]:
    """What verification says once one value in the JSON was changed, everything else left as it was."""
    document = json.loads(canonical)
    place = document
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value
    place[path[-1]] = value
    changed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return [problem.where for problem in verify(changed)]


def test_the_json_is_utf_8_with_sorted_keys_no_spaces_and_no_floats() -> None:
    canonical = a_firms_statement()

    def no_float(text: str) -> float:
        raise AssertionError(f"a float: {text}")

    document = json.loads(canonical, parse_float=no_float)
    again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == canonical
    assert "Söhne" in canonical.decode()


@given(
    lines=st.lists(
        st.builds(
            a_line,
            st.integers(0, 10**6),
            account_id=st.sampled_from([ADA, BEN]),
            court_id=st.sampled_from(["ncwbk", "nysdc"]),
            client_code=st.sampled_from([None, "", "A", "B"]),
            used_at=st.sampled_from([JANUARY, JANUARY + timedelta(seconds=1)]),
            page_count=st.integers(1, 400),
            exemption_id=st.sampled_from([None, UUID(int=3)]),
        ),
        unique_by=lambda line: (line.court_id, line.usage_id),
        max_size=12,
    ),
    chance=st.randoms(use_true_random=False),
)
def test_neither_the_order_of_lines_nor_of_adjustments_changes_the_json(
    lines: list[UsageLine], chance: random.Random
) -> None:
    adjustments = [a_credit(1, -50), a_credit(2, 20)]
    in_one_order = issued(a_settled_quarter(lines, payer=FIRM_PAYER, adjustments=adjustments))
    chance.shuffle(lines)

    in_another = issued(a_settled_quarter(lines, payer=FIRM_PAYER, adjustments=adjustments[::-1]))

    assert in_another == in_one_order
    assert verify(in_one_order) == ()


@given(
    pages=st.lists(st.integers(1, 3000), max_size=8),
    exempt_pages=st.lists(st.integers(1, 50), max_size=3),
    carried=st.integers(-50_000, 50_000),
    changes=st.lists(st.integers(-9_000, 9_000).filter(bool), max_size=3),
    elsewhere=st.integers(0, 5_000),
)
def test_every_cent_on_a_statement_is_exempt_waived_credited_or_due(
    pages: list[int], exempt_pages: list[int], carried: int, changes: list[int], elsewhere: int
) -> None:
    lines = [a_line(number, kind="transcript", page_count=count) for number, count in enumerate(pages)]
    lines += [
        a_line(100 + number, page_count=count, exemption_id=UUID(int=3))
        for number, count in enumerate(exempt_pages)
    ]
    adjustments = [a_credit(number, cents) for number, cents in enumerate(changes)]
    settled = a_settled_quarter(
        lines, carried_cents=carried, adjustments=adjustments, elsewhere_cents=elsewhere
    )

    canonical = issued(settled)

    totals = read_statement(canonical).totals
    parts = (totals.exempt_cents, totals.waived_cents, totals.credited_cents, totals.newly_due_cents)
    assert sum(parts) == totals.gross_cents == sum(line.gross_cents for line in lines)
    assert totals.due_cents - totals.credit_cents == carried + sum(changes) + totals.billed_cents
    ours = settled.settlement
    assert (ours.credited_cents, ours.newly_due_cents) == (totals.credited_cents, totals.newly_due_cents)
    assert ours.balance_cents == totals.balance_cents
    assert verify(canonical) == ()


def test_thirty_dollars_make_a_statement_of_account_and_one_page_more_an_invoice() -> None:
    waived = read_statement(issued(a_settled_quarter([a_line(1, kind="transcript", page_count=300)])))
    due = read_statement(issued(a_settled_quarter([a_line(1, kind="transcript", page_count=301)])))

    assert (waived.kind, waived.due_on, waived.totals.waived_cents) == ("statement_of_account", None, 3000)
    assert (due.kind, due.totals.due_cents) == ("invoice", 3010)
    assert due.due_on == date(2026, 5, 1), "30 days after the first of April, on which it still is in Chicago"


def test_a_quarter_without_use_and_change_gives_no_statement() -> None:
    assert not has_activity(a_settled_quarter([], carried_cents=500))
    assert has_activity(a_settled_quarter([], adjustments=[a_credit(1, -5)]))
    assert has_activity(a_settled_quarter([a_line(1, kind="opinion")]))


def test_a_firms_statement_has_subtotals_by_member_court_and_client_code() -> None:
    statement = read_statement(a_firms_statement())

    found = [
        (each.level, each.account_number, each.court_id, each.client_code) for each in statement.subtotals
    ]
    assert found == [
        ("member", "1000011", None, None),
        ("court", "1000011", "ncwbk", None),
        ("client_code", "1000011", "ncwbk", None),
        ("client_code", "1000011", "ncwbk", "ACME-1"),
        ("member", "1000012", None, None),
        ("court", "1000012", "ncwbk", None),
        ("client_code", "1000012", "ncwbk", None),
        ("client_code", "1000012", "ncwbk", "ACME-1"),
        ("court", "1000012", "nysdc", None),
        ("client_code", "1000012", "nysdc", None),
    ]
    for level in ("member", "court", "client_code"):
        of_level = [each for each in statement.subtotals if each.level == level]
        assert sum(each.charged_cents for each in of_level) == statement.totals.charged_cents
        assert sum(each.line_count for each in of_level) == statement.totals.line_count


def test_an_individuals_statement_has_subtotals_by_court_and_client_code_only() -> None:
    statement = read_statement(issued(a_settled_quarter([a_line(1), a_line(2, court_id="nysdc")])))

    levels = [(each.level, each.account_number) for each in statement.subtotals]
    assert levels == [("court", None), ("client_code", None)] * 2


def test_a_line_of_an_earlier_quarter_is_marked_and_counted() -> None:
    statement = read_statement(a_firms_statement())

    late = [line for line in statement.lines if line.is_prior_period]
    assert [(line.usage_id, line.used_quarter) for line in late] == [("use-6", "2025-Q4")]


def test_a_firm_pays_for_a_search_without_reading_what_was_searched_for() -> None:
    hidden = a_firms_statement()
    shown = issued(a_settled_quarter(a_firms_lines(), payer=FIRM_PAYER, show_search_terms=True))
    own = issued(a_settled_quarter([a_line(1, kind="name_search", description="DOE, JANE")]))

    assert b"DOE, JANE" not in hidden
    assert b"DOE, JANE" in shown
    assert b"DOE, JANE" in own


def test_a_firm_does_not_read_what_a_member_is_charged_elsewhere() -> None:
    lines = [a_line(1, payer_id=FIRM), a_line(2, account_id=BEN, payer_id=FIRM)]
    of_firm = issued(
        a_settled_quarter(lines, payer=FIRM_PAYER, waiver_subject="person", elsewhere_cents=98_765)
    )
    of_person = issued(a_settled_quarter([a_line(1)], elsewhere_cents=98_765))

    looks = read_statement(of_firm).waivers
    assert [(look.looked_at_cents, look.waived_cents) for look in looks] == [(None, 0), (None, 0)]
    assert verify(of_firm) == ()
    assert read_statement(of_person).waivers[0].looked_at_cents == 50 + 98_765


def test_lines_that_do_not_come_to_the_settlement_give_no_statement() -> None:
    settled = a_settled_quarter([a_line(1), a_line(2)])

    one_lost = draft_statement(dataclasses.replace(settled, lines=settled.lines[:1]))
    wrong_balance = draft_statement(dataclasses.replace(settled, carried_cents=Cents(1)))

    assert isinstance(one_lost, SettlementRefused)
    assert (one_lost.reason, one_lost.expected_cents, one_lost.found_cents) == (
        "lines_and_settlement_disagree",
        100,
        50,
    )
    assert isinstance(wrong_balance, SettlementRefused)
    assert wrong_balance.reason == "balances_disagree"


def test_a_draft_kept_as_json_and_issued_later_is_the_same_statement() -> None:
    settled = a_settled_quarter(a_firms_lines(), payer=FIRM_PAYER)
    draft = draft_statement(settled)
    assert isinstance(draft, StatementDraft)

    kept = read_draft(canonical_json(draft))

    assert canonical_json(issue_statement(kept, 1042, ISSUED)) == issued(settled)


def test_the_csv_has_every_figure_of_the_json_and_its_digest() -> None:
    canonical = a_firms_statement()
    statement = read_statement(canonical)
    rows = rows_of(canonical)

    lines = [row for row in rows if row["record"] == "line"]
    assert [
        (row["usage_id"], row["gross"], row["exempt"], row["charged"], row["billed_pages"]) for row in lines
    ] == [
        (
            line.usage_id,
            decimal_text(Cents(line.gross_cents)),
            decimal_text(Cents(line.exempt_cents)),
            decimal_text(Cents(line.charged_cents)),
            "" if line.billed_pages is None else str(line.billed_pages),
        )
        for line in statement.lines
    ]
    sums = {row["name"]: row["value"] for row in rows if row["record"] == "total"}
    assert sums["charged"] == decimal_text(Cents(statement.totals.charged_cents))
    assert sums["due"] == sums["balance"] == sums["charged"]
    assert sums["line_count"] == "9"
    facts = {row["name"]: row["value"] for row in rows if row["record"] == "statement"}
    assert facts["sha256"] == digest_of(canonical)
    assert facts["number"] == "1042"
    assert len([row for row in rows if row["record"] == "subtotal"]) == len(statement.subtotals)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")', "=1\r\n=2"]
)
def test_text_that_starts_like_a_formula_gets_an_apostrophe_in_the_csv(text: str) -> None:
    canonical = issued(a_settled_quarter([a_line(1, client_code=text, description=text)]))

    line = next(row for row in rows_of(canonical) if row["record"] == "line")

    assert (line["client_code"], line["description"]) == (f"'{text}", f"'{text}")
    assert all(
        not row["client_code"].startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows_of(canonical)
    )
    assert read_statement(canonical).lines[0].client_code == text, "the JSON has what was reported"


def test_a_negative_amount_is_a_number_in_the_csv_and_quotes_and_breaks_survive() -> None:
    odd = 'said "no", then\r\nleft; done'
    canonical = issued(a_settled_quarter([a_line(1, description=odd)], carried_cents=-5))

    rows = rows_of(canonical)

    assert next(row for row in rows if row["name"] == "balance")["value"] == "-0.05"
    assert next(row for row in rows if row["record"] == "line")["description"] == odd


def test_a_statement_verifies_from_its_json_alone() -> None:
    assert verify(a_firms_statement()) == ()
    assert verify(issued(a_settled_quarter([a_line(1)], elsewhere_cents=5000))) == ()
    assert verify(issued(a_settled_quarter([], adjustments=[a_credit(1, -5)]))) == ()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("lines", 0, "gross_cents"), 999, "statement.lines[0].gross_cents"),
        (("lines", 0, "charged_cents"), 0, "statement.lines[0].charged_cents"),
        (("lines", 0, "page_count"), 1, "statement.lines[0].gross_cents"),
        (("lines", 0, "kind"), "opinion", "statement.lines[0].gross_cents"),
        (("lines", 0, "reasons"), [], "statement.lines[0].reasons"),
        (("lines", 0, "schedule_effective_on"), "2012-04-01", "statement.lines[0].schedule_effective_on"),
        (("lines", 0, "is_prior_period"), True, "statement.lines[0].is_prior_period"),
        (("lines", 0, "used_at"), "2026-04-01T05:00:00Z", "statement.lines[0].used_at"),
        (("lines", 0, "usage_id"), "use-2", "statement.lines[1].usage_id"),
        (("lines", 0, "account_number"), "1000012", "statement.lines[0].account_number"),
        (("lines", 0, "exemption_id"), str(UUID(int=5)), "statement.lines[0].exempt_cents"),
        (("subtotals", 0, "charged_cents"), 1, "statement.subtotals[0].charged_cents"),
        (("totals", "due_cents"), 0, "statement.totals.due_cents"),
        (("totals", "waived_cents"), 4150, "statement.totals.waived_cents"),
        (("totals", "carried_cents"), -4000, "statement.totals.balance_cents"),
        (("waivers", 0, "waived_cents"), 4150, "statement.waivers[0].waived_cents"),
        (("waivers", 0, "limit_cents"), 9000, "statement.waivers[0].limit_cents"),
        (("waivers", 0, "looked_at_cents"), 100, "statement.waivers[0].looked_at_cents"),
        (("kind",), "statement_of_account", "statement.kind"),
        (("due_on",), None, "statement.due_on"),
        (("quarter", "ends_at"), "2026-04-01T06:00:00Z", "statement.quarter.ends_at"),
        (("quarter", "name"), "2009-Q4", "quarter"),
        (("issued_at",), "2026-04-01T06:59:59Z", "statement.issued_at"),
        (("policies", "business_zone"), "America/Nowhere", "statement.policies.business_zone"),
        (("policies", "business_zone"), "America", "statement.policies.business_zone"),
    ],
)
def test_one_changed_value_is_found_and_named(path: tuple[str | int, ...], value: object, where: str) -> None:
    canonical = issued(a_settled_quarter([a_line(1, kind="transcript", page_count=410), a_line(2)]))
    assert verify(canonical) == ()

    assert where in problems_after(canonical, *path, value=value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("quarter", "name"), "9999-Q4"),
        (("quarter", "name"), "2026-Q5"),
        (("lines", 0, "used_at"), "0001-01-01T00:00:00Z"),
        (("lines", 0, "used_at"), "2026-01-05T15:01:00"),
        (("lines", 0, "gross_cents"), 9.5),
        (("lines", 0, "unknown"), 1),
        (("policies", "due_days"), 10**9),
        (("schema",), "paa_billing.statement.v2"),
    ],
)
def test_what_is_no_statement_at_all_is_a_problem_and_never_a_crash(
    path: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(issued(a_settled_quarter([a_line(1, kind="transcript", page_count=410)])))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    problems = verify(json.dumps(document).encode())

    assert problems
    assert problems[0].where == "document"
    assert verify(b"\xff\xfe")
    assert verify(b"")


def test_the_same_document_written_another_way_is_not_the_canonical_form() -> None:
    canonical = a_firms_statement()

    problems = verify(json.dumps(json.loads(canonical)).encode())

    assert [problem.where for problem in problems] == ["document"]


def test_lines_out_of_order_are_found() -> None:
    document = json.loads(a_firms_statement())
    document["lines"].reverse()

    changed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    assert [problem.where for problem in verify(changed)] == ["statement.lines"]


def test_a_quarter_under_the_coming_schedule_verifies_by_its_own_prices() -> None:
    first_of_2027 = Quarter(2027, 1)
    line = msgspec.structs.replace(
        a_line(1, used_at=datetime(2027, 1, 4, 12, tzinfo=UTC), page_count=31), billed_quarter=first_of_2027
    )
    settled = a_settled_quarter([line], quarter=first_of_2027)
    settled = dataclasses.replace(settled, cut_off_at=datetime(2027, 4, 1, 6, tzinfo=UTC))
    draft = draft_statement(settled)
    assert isinstance(draft, StatementDraft)

    statement = issue_statement(draft, 1, datetime(2027, 4, 2, tzinfo=UTC))

    assert (statement.totals.gross_cents, statement.waivers[0].limit_cents) == (360, 4000)
    assert verify(canonical_json(statement)) == ()
