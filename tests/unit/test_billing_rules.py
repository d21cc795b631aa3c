"""The rules of firms and of booking at their boundaries."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.paa_billing.model import Quarter
from services.paa_billing.model.firms import Account, Actor, Invitation, Membership
from services.paa_billing.model.intake import BillingFacts, ReportedUse
from services.paa_billing.rules.actors import who_asks, why_not_sensitive
from services.paa_billing.rules.booking import quarters_to_begin, sort_out, who_pays
from services.paa_billing.rules.firms import is_meant
from services.paa_billing.rules.memberships import moving_cents, show_invitation
from shared.money import Cents
from shared.policies import read_policies
from tests.billing import resources
from tests.messaging import an_assertion

NOON = datetime(2024, 2, 1, 18, tzinfo=UTC)
POLICIES = read_policies()


def an_actor(**changes: object) -> Actor:
    usual = {
        "account_id": uuid4(),
        "kind": "individual",
        "generation": "upgraded",
        "status": "active",
        "level": 1,
        "proved_at": NOON,
    }
    return Actor(**(usual | changes))  # type: ignore[arg-type]


def an_account_copy(**changes: object) -> Account:
    usual = {
        "account_id": uuid4(),
        "version": 1,
        "account_number": "1234567",
        "first_name": "Ada",
        "last_name": "O'Hara",
        "kind": "individual",
        "generation": "upgraded",
        "status": "active",
        "is_search_active": True,
        "has_second_factor": True,
    }
    return Account(**(usual | changes))  # type: ignore[arg-type]


def test_of_assertion_and_copy_the_higher_version_counts() -> None:
    assertion = an_assertion("paa_billing", account_version=3, status="active")

    for version, status in ((2, "active"), (3, "active"), (4, "deactivated")):
        copy = an_account_copy(version=version, status="deactivated")
        assert who_asks(assertion, copy).status == status
    assert who_asks(assertion, None).status == "active"


def test_a_proof_counts_up_to_its_last_instant() -> None:
    limit = NOON + timedelta(minutes=POLICIES.accounts.sensitive_proof_minutes)

    assert why_not_sensitive(an_actor(), POLICIES, limit) is None
    assert why_not_sensitive(an_actor(), POLICIES, limit + timedelta(microseconds=1)) == "proof_too_old"


@pytest.mark.parametrize("asked_for", ["o'hara", " O'HARA "])
def test_a_name_matches_whatever_its_case(asked_for: str) -> None:
    assert is_meant(an_account_copy(), asked_for)


@pytest.mark.parametrize("erased", ["", " "])
def test_an_erased_name_matches_nothing(erased: str) -> None:
    assert not is_meant(an_account_copy(last_name=""), erased)


def test_the_balance_moves_unless_the_policy_keeps_it() -> None:
    assert moving_cents(Cents(-5), POLICIES) == -5
    assert moving_cents(Cents(5), resources(move_balance_on_join=False).policies) == 0


@pytest.mark.parametrize(
    ("moving", "words"),
    [(0, "accept"), (1234, "the $12.34 that you owe now"), (-5, "your credit of $0.05 goes to the firm")],
)
def test_an_invitation_says_what_moves(moving: int, words: str) -> None:
    asked = Invitation(
        invitation_id=uuid4(),
        paa_id=uuid4(),
        account_id=uuid4(),
        remark="",
        expires_at=NOON,
        state="open",
    )

    shown = show_invitation(asked, "Hale", Cents(moving), POLICIES)

    assert shown.firm_will_pay.endswith(words)


def a_membership(joined: int, left: int | None) -> Membership:
    return Membership(
        membership_id=uuid4(),
        paa_id=uuid4(),
        account_id=UUID(int=1),
        joined_at=NOON + timedelta(seconds=joined),
        left_at=None if left is None else NOON + timedelta(seconds=left),
    )


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8, unique=True), st.integers(-5, 55))
def test_at_every_instant_one_pays(edges: list[int], at: int) -> None:
    edges.sort()
    memberships = [a_membership(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]

    payer = who_pays(memberships, NOON + timedelta(seconds=at))

    holding = [m.paa_id for m in memberships if m.holds_at(NOON + timedelta(seconds=at))]
    assert holding == ([] if payer is None else [payer])


def test_a_membership_that_ends_as_it_begins_never_pays() -> None:
    assert who_pays([a_membership(5, 5)], NOON + timedelta(seconds=5)) is None


@given(st.integers(2000, 2050), st.integers(1, 4), st.integers(0, 12))
def test_the_books_have_no_gap(year: int, number: int, ahead: int) -> None:
    latest = needed = Quarter(year, number)
    for _ in range(ahead):
        needed = needed.following

    begun = quarters_to_begin(latest, needed)

    assert len(begun) == ahead
    assert all(after == before.following for before, after in zip([latest, *begun], begun, strict=False))
    assert quarters_to_begin(needed, latest) == []
    assert quarters_to_begin(None, needed) == [needed]


def a_use(usage_id: str, digest: bytes) -> ReportedUse:
    return ReportedUse(
        position=0,
        batch_id=UUID(int=1),
        raw=b"",
        digest=digest,
        usage_id=usage_id,
        account_number="1234567",
        used_at=NOON,
        kind="document",
        page_count=1,
        byte_count=None,
        record_count=None,
        description="",
        case_number="",
        client_code="",
        is_exemption_claimed=False,
    )


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([b"1", b"2"]))),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([b"1", b"2"])),
)
def test_every_use_is_new_or_a_duplicate_or_in_conflict(
    reported: list[tuple[str, bytes]], kept: dict[str, bytes]
) -> None:
    facts = BillingFacts(zone=POLICIES.zone, schedules=(), accounts={}, exemptions={}, memberships={})

    found = sort_out([a_use(*each) for each in reported], kept, "ncwbk", facts)

    assert len(found.waiting) + found.duplicates + len(found.unbookable) == len(reported)
    assert set(found.taken) == {usage_id for usage_id, _ in reported} - set(kept)
    assert len(found.taken) == len(found.waiting)
    winners = kept | found.taken
    assert found.duplicates == sum(winners[usage_id] == digest for usage_id, digest in reported) - len(
        found.taken
    )
