"""The letters that follow from what staff do with an account: whom each goes to, and what it says."""

from typing import Any
from uuid import uuid4

from services.notify.rules import staff
from shared.messages import accounts as of_accounts
from shared.messages.accounts import factor_reset
from shared.messages.accounts import staff as staff_acts
from tests.messaging import NOON
from tests.unit import letters_of_rosters
from tests.unit.letters import PERSON, SEALED, Expected

ACT: dict[str, Any] = {"account_id": PERSON, "actor_account_id": uuid4()}
REMARKED: dict[str, Any] = {**ACT, "remark": "As asked by telephone"}
COURT_ROLE: dict[str, Any] = {**ACT, "role": "court_staff", "court_id": "ncwbk"}

EXPECTED: list[Expected] = [
    (
        staff.role_granted,
        of_accounts.RoleGranted(**COURT_ROLE, ends_at=NOON),
        {"role_granted": "ann@example.org"},
    ),
    (staff.role_ended, of_accounts.RoleEnded(**COURT_ROLE), {"role_ended": "ann@example.org"}),
    (
        staff.account_reviewed,
        staff_acts.AccountReviewed(**REMARKED, decision="release"),
        {"account_released": "ann@example.org"},
    ),
    (
        staff.account_reviewed,
        staff_acts.AccountReviewed(**REMARKED, decision="deactivate"),
        {"account_deactivated_by_staff": "ann@example.org"},
    ),
    (
        staff.account_deactivated,
        staff_acts.AccountDeactivatedByStaff(**REMARKED),
        {"account_deactivated_by_staff": "ann@example.org"},
    ),
    (
        staff.account_unlocked,
        staff_acts.AccountUnlockedByStaff(**REMARKED),
        {"account_unlocked_by_staff": "ann@example.org"},
    ),
    (
        staff.search_privilege_set,
        staff_acts.SearchPrivilegeSet(**REMARKED, is_active=True),
        {"search_activated": "ann@example.org"},
    ),
    (
        staff.search_privilege_set,
        staff_acts.SearchPrivilegeSet(**REMARKED, is_active=False),
        {"search_inactivated": "ann@example.org"},
    ),
    (
        staff.factor_reset_asked,
        factor_reset.FactorResetAsked(**REMARKED, takes_effect_at=NOON, token=SEALED),
        {"factor_reset_asked": "ann@example.org"},
    ),
    (
        staff.factor_reset_stopped,
        factor_reset.FactorResetStopped(**ACT, stopped_by="sign_in"),
        {"factor_reset_stopped": "ann@example.org"},
    ),
    (
        staff.factor_was_reset,
        factor_reset.FactorWasReset(account_id=PERSON),
        {"factor_was_reset": "ann@example.org"},
    ),
    *letters_of_rosters.EXPECTED,
]

ROLE = {"role": "court staff", "court_name": "Kentucky Western Bankruptcy Court"}
REMARK = {"remark": "Asked for by telephone & <checked>"}
SAMPLES: dict[str, dict[str, Any]] = {
    "role_granted": {**ROLE, "until": "March 2, 2024, 12:00 PM CST"},
    "role_ended": ROLE,
    "account_released": REMARK,
    "account_deactivated_by_staff": REMARK,
    "account_unlocked_by_staff": REMARK,
    "search_activated": REMARK,
    "search_inactivated": REMARK,
    "factor_reset_asked": {**REMARK, "takes_effect_at": "February 4, 2024, 12:00 PM CST", "is_strangers": ""},
    "factor_reset_stopped": {"stopped_by": "a sign-in with your second factor"},
    "factor_was_reset": {"is_password_void": ""},
    **letters_of_rosters.SAMPLES,
}
"""The facts of each kind of letter, as a template gets them."""
