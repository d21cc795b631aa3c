"""When a mail is sent, tried again, or given up."""

from datetime import datetime

from services.notify.model import ASKED_FOR, CLASS_OF, GivenUp, Letter, Notification, Outcome, Postponed
from shared.policies import NotifyPolicies

_JITTER_SHARE = 0.2
_MANDATORY = ("security", "billing")


def is_for_nobody(letter: Letter) -> bool:
    """Was the account erased, or does the court give no address? Nothing is written then, nor kept."""
    return letter.standing not in ("unverified", "unknown") and letter.email is None and not letter.sealed


def why_not_to_write(letter: Letter) -> str | None:
    """The reason to keep a letter without sending it.

    Whoever reads at an address that was never proved may be anybody. It gets what nobody can opt out of,
    such as bills, and what its holder asked for, but no secret: whoever shows that would have proved the
    address.
    """
    if letter.standing == "unknown":
        return "no_address_known"
    is_due_to_anybody = CLASS_OF[letter.kind] in _MANDATORY or letter.kind in ASKED_FOR
    if letter.standing == "unverified" and (letter.sealed or not is_due_to_anybody):
        return "address_not_verified"
    return None


def why_not_to_send(notification: Notification, now: datetime, policies: NotifyPolicies) -> GivenUp | None:
    """The reason not even to try. A claim beyond the last attempt follows one that was killed half-way."""
    if notification.expires_at is not None and now >= notification.expires_at:
        return GivenUp("too_late")
    if notification.attempts > policies.attempts:
        return GivenUp("tried_too_often")
    return None


def settle(outcome: Outcome, attempts: int, policies: NotifyPolicies) -> Outcome:
    """What the outcome of an attempt comes to: the last one that can't be finished is the end."""
    if isinstance(outcome, Postponed) and attempts >= policies.attempts:
        return GivenUp("outcome_unknown" if outcome.is_outcome_unknown else "tried_too_often")
    return outcome


def retry_delay_seconds(attempts: int, policies: NotifyPolicies, chance: float) -> float:
    """How long to wait after so many attempts; `chance` in [0, 1) spreads the waits by a fifth."""
    steady = policies.first_retry_seconds * policies.retry_factor ** (attempts - 1)
    return steady * (1 + _JITTER_SHARE * (chance - 0.5))
