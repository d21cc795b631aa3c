"""The pure rules of accounts: guards, passcodes, history, legacy rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as some

from services.accounts.model import Guard, HistoryEntry, chain_entry, is_unbroken
from services.accounts.rules import guards, legacy, totp
from services.accounts.settings import Settings, draw_number, open_resources
from shared.errors import SettingsError
from shared.policies import read_policies
from shared.verifiers import Argon2id, digest_of

NOW = datetime(2024, 2, 1, 18, 0, tzinfo=UTC)
POLICIES = read_policies().accounts
RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_passcodes_are_those_of_rfc_6238(second: int, code: str) -> None:
    instant = datetime.fromtimestamp(second, tz=UTC)

    assert totp.passcode(RFC_SECRET, totp.step_at(instant)) == code


@pytest.mark.parametrize(
    ("steps_away", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_passcode_of_the_present_step_or_a_neighbour_is_taken(steps_away: int, is_taken: bool) -> None:
    code = totp.passcode(RFC_SECRET, totp.step_at(NOW) + steps_away)

    assert (totp.accepted_step(RFC_SECRET, code, NOW, 0) is not None) is is_taken


def test_a_step_is_taken_only_after_the_last_one_taken() -> None:
    step = totp.step_at(NOW)
    code = totp.passcode(RFC_SECRET, step)

    assert totp.accepted_step(RFC_SECRET, code, NOW, step - 1) == step
    assert totp.accepted_step(RFC_SECRET, code, NOW, step) is None


def test_a_passcode_may_be_typed_with_spaces() -> None:
    code = totp.passcode(RFC_SECRET, totp.step_at(NOW))

    assert totp.accepted_step(RFC_SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) == totp.step_at(NOW)


@given(some.text(max_size=40))
def test_any_text_is_either_a_code_or_not(text: str) -> None:
    present = totp.step_at(NOW)
    codes = {totp.passcode(RFC_SECRET, step) for step in (present - 1, present, present + 1)}

    assert (totp.accepted_step(RFC_SECRET, text, NOW, 0) is not None) == ("".join(text.split()) in codes)


def test_an_encrypted_secret_opens_in_its_own_row_only() -> None:
    key, nonce, row_id, account_id = bytes(32), bytes(12), uuid4(), uuid4()
    kept = totp.encrypt_secret(RFC_SECRET, key=key, nonce=nonce, row_id=row_id, account_id=account_id)

    assert totp.decrypt_secret(kept, key=key, row_id=row_id, account_id=account_id) == RFC_SECRET
    with pytest.raises(InvalidTag):
        totp.decrypt_secret(kept, key=key, row_id=uuid4(), account_id=account_id)
    with pytest.raises(InvalidTag):
        totp.decrypt_secret(kept, key=key, row_id=row_id, account_id=uuid4())


def guarded(*seconds_ago: float) -> Guard:
    attempts = tuple(NOW - timedelta(seconds=ago) for ago in seconds_ago)
    return Guard(account_id=uuid4(), kind="password", attempts=attempts)


@pytest.mark.parametrize(
    ("seconds_ago", "is_allowed"),
    [
        ((), True),
        ((4, 3, 2, 1), True),
        ((5, 4, 3, 2, 1), False),
        ((900, 4, 3, 2, 1), True),
        ((899, 4, 3, 2, 1), False),
    ],
)
def test_five_attempts_in_fifteen_minutes_are_all(seconds_ago: tuple[float, ...], is_allowed: bool) -> None:
    counted = guards.count_attempt(guarded(*seconds_ago), NOW, POLICIES)

    assert (counted is not None) is is_allowed


def test_the_fifth_failure_locks_and_the_attempts_are_forgotten_with_the_lock() -> None:
    assert guards.after_failure(guarded(4, 3, 2, 1), NOW, POLICIES).locked_until is None
    locked = guards.after_failure(guarded(4, 3, 2, 1, 0), NOW, POLICIES)

    assert locked.locked_until == NOW + timedelta(minutes=15)
    assert guards.count_attempt(locked, NOW + timedelta(minutes=15), POLICIES) is not None
    assert guards.count_attempt(locked, NOW + timedelta(minutes=14, seconds=59), POLICIES) is None


def test_a_failure_that_ends_late_does_not_lengthen_the_lock() -> None:
    locked = guards.after_failure(guarded(4, 3, 2, 1, 0), NOW, POLICIES)

    assert guards.after_failure(locked, NOW + timedelta(minutes=1), POLICIES) == locked


@given(some.lists(some.floats(0, 3600), max_size=40))
def test_however_attempts_are_spaced_no_more_than_five_pass_in_fifteen_minutes(gaps: list[float]) -> None:
    guard, now, passed = guarded(), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        counted = guards.count_attempt(guard, now, POLICIES)
        if counted is not None:
            passed.append(now)
            guard = guards.after_failure(counted, now, POLICIES)

    for first, sixth in zip(passed, passed[5:], strict=False):
        assert sixth - first >= timedelta(minutes=15)


def chained(account_id: UUID, count: int) -> list[HistoryEntry]:
    entries: list[HistoryEntry] = []
    for number in range(count):
        entries.append(
            chain_entry(
                entries[-1] if entries else None,
                account_id=account_id,
                at=NOW + timedelta(seconds=number),
                kind="signed_in",
                salt=bytes([number]) * 16,
                content=f"{{{number}}}",
            )
        )
    return entries


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "signed_out"},
        {"content": "{9}"},
        {"at": NOW},
        {"sequence": 7},
        {"account_id": uuid4()},
        {"content": None},
        {"previous_hash": bytes(32)},
    ],
)
def test_an_edit_of_the_history_shows(change: dict[str, object]) -> None:
    entries = chained(uuid4(), 4)
    assert is_unbroken(entries)

    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]

    assert not is_unbroken(entries)


def test_a_removed_entry_shows_and_so_does_another_order() -> None:
    entries = chained(uuid4(), 4)

    assert not is_unbroken(entries[1:])
    assert not is_unbroken([entries[0], *entries[2:]])
    assert not is_unbroken([entries[0], entries[2], entries[1], entries[3]])


def test_content_and_salt_may_be_erased_together_and_the_chain_still_holds() -> None:
    entries = [replace(entry, salt=None, content=None) for entry in chained(uuid4(), 4)]

    assert is_unbroken(entries)


@pytest.mark.parametrize(
    ("verifier", "is_known"),
    [
        ("sha256$" + "ab" * 32, True),
        ("sha256$" + "AB" * 32, True),
        ("sha256$" + "ab" * 31, False),
        ("ab" * 32, False),
        ("sha256$e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", False),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$" + "A" * 43, True),
        ("$argon2id$v=19$m=999999999,t=1,p=1$c29tZXNhbHRzb21l$" + "A" * 43, False),
        ("$argon2id$v=19$m=64,t=9999,p=1$c29tZXNhbHRzb21l$" + "A" * 43, False),
        ("$argon2id$v=19$m=640,t=1,p=64$c29tZXNhbHRzb21l$" + "A" * 43, False),
        ("sha1$salt$" + "ab" * 20, True),
        ("sha1$salt$" + digest_of("sha1", b"salt"), False),
        ("$argon2id$nonsense", False),
        ("$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21l$" + "A" * 43, False),
        ("", False),
    ],
)
def test_a_verifier_is_of_a_known_form_and_cheap_enough_to_check(verifier: str, is_known: bool) -> None:
    assert (legacy.judge_verifier(verifier) != legacy.UNKNOWN) is is_known


@pytest.mark.parametrize(
    ("parameters", "is_kept"),
    [
        ("m=19456,t=2,p=1", True),
        ("m=131072,t=16,p=16", True),
        ("m=19455,t=2,p=1", False),
        ("m=65536,t=1,p=4", False),
        ("m=8,t=1,p=1", False),
    ],
)
def test_an_argon2id_verifier_is_kept_only_at_or_above_what_is_advised(
    parameters: str, is_kept: bool
) -> None:
    verifier = f"$argon2id$v=19${parameters}$c29tZXNhbHRzb21l$" + "A" * 43

    found = legacy.judge_verifier(verifier)

    assert isinstance(found, Argon2id) is is_kept
    assert is_kept or found == "weaker_than_argon2id_m19456_t2"


def test_numbers_have_seven_digits() -> None:
    assert all(len(draw_number()) == 7 and draw_number().isdecimal() for _ in range(1000))


async def test_a_key_that_is_none_stops_the_start_and_is_not_shown() -> None:
    settings = Settings(
        database_url="",
        broker_url="",
        sealing_key="",
        sealing_public_keys_file=__file__,  # type: ignore[arg-type]
        assertion_public_keys_file=__file__,  # type: ignore[arg-type]
        signing_key="not hex",
        signing_key_id="test",
        factor_key="00" * 32,
        password_memory_kib=64,
    )

    with pytest.raises(SettingsError, match="signing_key is not the hex of 32 bytes") as caught:
        async with open_resources(settings, read_policies()):
            pass
    assert "not hex" not in str(caught.value).replace("is not the hex", "")
