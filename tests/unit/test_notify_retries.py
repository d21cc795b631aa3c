"""When a mail is tried again, and when it is given up."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from services.notify.model import (
    GivenUp,
    Notification,
    Postponed,
    Sent,
)
from services.notify.rules import retry_delay_seconds, settle
from services.notify.rules.sending import why_not_to_send
from shared.policies import read_policies
from tests.messaging import NOON

POLICIES = read_policies().notify


def a_notification(**changes: Any) -> Notification:
    usual: dict[str, Any] = {
        "id": UUID(int=1),
        "event_id": UUID(int=2),
        "correlation_id": UUID(int=3),
        "account_id": None,
        "kind": "verify_email",
        "recipient_name": "",
        "email": None,
        "subject": "Please verify",
        "details": {},
        "sealed": None,
        "expires_at": NOON,
        "attempts": 1,
    }
    return Notification(**{**usual, **changes})


def test_a_mail_is_late_from_the_instant_its_secret_expires() -> None:
    one_microsecond = timedelta(microseconds=1)

    assert why_not_to_send(a_notification(), NOON - one_microsecond, POLICIES) is None
    assert why_not_to_send(a_notification(), NOON, POLICIES) == GivenUp("too_late")


def test_the_eighteenth_attempt_is_the_last() -> None:
    assert settle(Postponed("refused_451"), 17, POLICIES) == Postponed("refused_451")
    assert settle(Postponed("refused_451"), 18, POLICIES) == GivenUp("tried_too_often")
    assert settle(Postponed("x", is_outcome_unknown=True), 18, POLICIES) == GivenUp("outcome_unknown")
    assert settle(Sent(), 18, POLICIES) == Sent()
    after_a_kill = a_notification(expires_at=None, attempts=19)
    assert why_not_to_send(after_a_kill, NOON, POLICIES) == GivenUp("tried_too_often")


@given(some.integers(1, 18), some.floats(0, 1, exclude_max=True))
def test_each_wait_is_five_minutes_times_1_3_to_the_nth_give_or_take_a_tenth(
    attempts: int, chance: float
) -> None:
    steady = 300 * 1.3 ** (attempts - 1)

    assert 0.9 * steady <= retry_delay_seconds(attempts, POLICIES, chance) <= 1.1 * steady


def test_the_waits_of_a_mail_are_a_day_and_a_quarter_together() -> None:
    waits = sum(retry_delay_seconds(attempts, POLICIES, 0.5) for attempts in range(1, 18))

    assert timedelta(hours=20) < timedelta(seconds=waits) < timedelta(hours=32)
