"""The decisions of `linking`, at their edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from services.linking.data import shipped_courts
from services.linking.model import AccountState, Asker, Claim, FilingAccount, Proof, ShippedCourt
from services.linking.rules.courts import decide_shipment
from services.linking.rules.links import decide_link, masked_name
from services.linking.rules.local_time import instant_from
from services.linking.rules.standing import newest_state
from services.linking.rules.throttles import throttles_of
from services.linking.rules.verifiers import problem_of_verifier
from shared.assertion import Assertion
from shared.messages.linking import FilingAccountLinked, LinkRefused
from shared.policies import read_policies
from tests.messaging import NOON, an_assertion

ZONES = sorted({court.time_zone for court in shipped_courts()})


def a_shipped_court(**changes: object) -> ShippedCourt:
    usual = ShippedCourt(
        id="nysbk",
        cmecf_code="nysb",
        type="bankruptcy",
        name="New York Southern Bankruptcy Court",
        time_zone="America/New_York",
        go_live_local_time="2024-05-06T00:00",
        help_desk="",
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def a_proof(who: Assertion, claim: Claim, **changes: Any) -> Proof:
    usual = Proof(
        id=uuid4(),
        account_id=who.account_id,
        session_id_hash=who.session_id_hash,
        filing_account_id=claim.filing_account.id,
        expires_at=NOON + timedelta(minutes=10),
        used_at=None,
        died_at=None,
    )
    return replace(usual, **changes)


def a_claim(holder: UUID | None = None, roles: frozenset[str] = frozenset()) -> Claim:
    filing_account = FilingAccount(id=uuid4(), court_id="ncwbk", login="j", name="Jane", role="attorney")
    return Claim(
        filing_account=filing_account,
        court_go_live_at=NOON,
        holder_account_id=holder,
        roles_linked_at_court=roles,
    )


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_a_local_time_is_an_instant_that_reads_the_same_on_the_courts_clock(
    local: datetime, zone: str
) -> None:
    instant = instant_from(local.isoformat(), zone)

    if instant is not None:
        assert instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
        earlier = instant - timedelta(hours=1)
        assert earlier.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001
def test_where_clocks_never_change_every_time_exists(local: datetime) -> None:
    for zone in ("America/Phoenix", "Pacific/Guam", "Pacific/Honolulu"):
        assert instant_from(local.isoformat(), zone) is not None


@pytest.mark.parametrize(
    "text",
    ["2024-03-10T02:00", "2024-03-10T02:59", "2024-13-01", "2024-02-30T00:00", "2024-02-01T00:00Z", ""],
)
def test_what_is_no_time_of_the_zone_has_no_instant(text: str) -> None:
    assert instant_from(text, "America/New_York") is None


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    assert instant_from("2024-11-03T01:00", "America/New_York") == datetime(2024, 11, 3, 5, 0, tzinfo=UTC)


def test_all_shipped_courts_and_dates_can_be_read() -> None:
    shipment = decide_shipment(shipped_courts(), {}, datetime(2019, 10, 1, tzinfo=UTC))

    by_id = {court.id: court for court in shipment.changed}
    assert len(by_id) == 205
    assert by_id["ncwbk"].go_live_at == datetime(2019, 10, 21, 16, 0, tzinfo=UTC)
    assert by_id["ncwbk"].help_desk == "(704) 350-7500"
    assert sum(court.go_live_at is not None for court in by_id.values()) == 21
    assert {court.id for court in shipment.to_announce} == {
        court.id
        for court in by_id.values()
        if court.go_live_at is not None and court.go_live_at.year * 100 + court.go_live_at.month > 201909
    }


def test_a_later_shipment_moves_a_date_that_the_court_has_not_set() -> None:
    [court] = decide_shipment([a_shipped_court()], {}, NOON).changed
    moved = a_shipped_court(go_live_local_time="2024-06-03T00:00")

    shipped = decide_shipment([moved], {court.id: court}, NOON)
    own = decide_shipment([moved], {court.id: replace(court, is_go_live_set_by_court=True)}, NOON)
    live = decide_shipment([moved], {court.id: court}, datetime(2024, 5, 6, 4, 0, tzinfo=UTC))

    [after] = shipped.to_announce
    assert (after.go_live_at, after.version) == (datetime(2024, 6, 3, 4, 0, tzinfo=UTC), 2)
    assert own.changed == live.changed == ()


def test_a_later_shipment_with_a_date_already_past_is_announced() -> None:
    [court] = decide_shipment([a_shipped_court(go_live_local_time=None)], {}, NOON).changed

    shipment = decide_shipment([a_shipped_court(go_live_local_time="2024-01-08")], {court.id: court}, NOON)

    assert shipment.to_announce == shipment.changed
    assert shipment.changed[0].is_live(NOON)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Jane Q. Public", "J*** Q*** P***"),
        ("Ümit", "Ü***"),
        ("The Law Offices of Jane Public", "T*** L*** O*** o***"),
    ],
)
def test_a_masked_name_shows_initials_and_no_lengths(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@pytest.mark.parametrize(("known_version", "counts"), [(6, "active"), (7, "active"), (8, "deactivated")])
def test_of_assertion_and_copy_the_newer_counts(known_version: int, counts: str) -> None:
    known = AccountState(
        version=known_version,
        kind="individual",
        generation="upgraded",
        status="deactivated",
        email_verified=True,
    )

    state = newest_state(Asker(assertion=an_assertion("linking", account_version=7), known=known))

    assert state.status == counts


@pytest.mark.parametrize(
    ("claim", "dies", "reason"),
    [
        (a_claim(), None, None),
        (a_claim(), NOON, "proof_not_valid"),
        (a_claim(holder=uuid4()), NOON, "filing_account_already_linked"),
        (a_claim(roles=frozenset({"trustee"})), None, None),
        (a_claim(roles=frozenset({"attorney"})), None, "role_already_linked_at_court"),
        (replace(a_claim(), court_go_live_at=NOON + timedelta(microseconds=1)), None, "court_not_live"),
        (replace(a_claim(), court_go_live_at=None), None, "court_not_live"),
    ],
)
def test_the_first_thing_in_the_way_is_the_reason(
    claim: Claim, dies: datetime | None, reason: str | None
) -> None:
    who = an_assertion("linking")
    proof = a_proof(who, claim, died_at=dies)

    outcome = decide_link(Asker(assertion=who, known=None), proof, claim, read_policies(), uuid4(), NOON)

    if reason is None:
        assert isinstance(outcome, FilingAccountLinked)
    else:
        assert isinstance(outcome, LinkRefused)
        assert outcome.reason == reason


LEGACY, NOT_LIVE = {"generation": "legacy"}, replace(a_claim(), court_go_live_at=None)


@pytest.mark.parametrize(
    ("who", "claim", "proof", "reason"),
    [
        ({"status": "locked", **LEGACY}, a_claim(), {}, "account_not_active"),
        ({**LEGACY, "email_verified": False}, a_claim(), {}, "upgrade_first"),
        ({"email_verified": False, "kind": "paa"}, a_claim(), {}, "email_not_verified"),
        ({"kind": "paa", "level": 1}, a_claim(), {}, "not_an_individual"),
        ({"level": 1, "proved_at": NOON - timedelta(hours=1)}, a_claim(), {}, "session_level_too_low"),
        ({"level": 1}, NOT_LIVE, {}, "session_level_too_low"),
        ({"proved_at": NOON - timedelta(hours=1)}, NOT_LIVE, {}, "proof_too_old"),
        ({}, NOT_LIVE, {"expires_at": NOON}, "court_not_live"),
        ({}, a_claim(holder=uuid4()), {"expires_at": NOON}, "proof_not_valid"),
        ({}, a_claim(uuid4(), frozenset({"attorney"})), {}, "filing_account_already_linked"),
    ],
)
def test_of_two_things_in_the_way_the_first_in_their_order_is_the_reason(
    who: dict[str, Any], claim: Claim, proof: dict[str, Any], reason: str
) -> None:
    policies = read_policies()
    strict = structs.replace(policies, linking=structs.replace(policies.linking, proof_level=2))
    asker = an_assertion("linking", **{"level": 2, **who})
    shown = a_proof(asker, claim, **proof)

    outcome = decide_link(Asker(assertion=asker, known=None), shown, claim, strict, uuid4(), NOON)

    assert outcome == LinkRefused(court_id="ncwbk", reason=reason)  # type: ignore[arg-type]


def test_throttled_subjects_differ_by_court_and_login_and_can_not_be_read() -> None:
    policies, who = read_policies().linking, uuid4()

    def login_subject(court: str, login: str, key: bytes = b"k") -> bytes:
        return throttles_of(who, court, login, policies, key)[1].subject

    subjects = {
        login_subject("ncwbk", "a"),
        login_subject("waebk", "a"),
        login_subject("ncwbk", "A"),
        login_subject("ncwbk", "a", b"other"),
    }
    assert len(subjects) == 4
    assert [t.scope for t in throttles_of(who, "ncwbk", "a", policies, b"k")] == ["account", "login", "court"]


@given(st.text(max_size=120))
def test_no_text_breaks_the_look_at_a_verifier(text: str) -> None:
    for beginning in ("", "sha256$", "$argon2id$v=19$m=", "$argon2id$v=19$m=19456,t=2,p=1$"):
        assert problem_of_verifier(beginning + text) is not None
