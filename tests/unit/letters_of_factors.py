"""The letters on second factors and on getting back in: whom each goes to, and what it says."""

from typing import Any
from uuid import uuid4

from services.notify.rules import factors, recovery
from shared.messages import accounts as of_accounts
from shared.messages.accounts.personal_tokens import PersonalTokenAdded
from tests.messaging import NOON
from tests.unit.letters import PERSON, SEALED, Expected

EXPECTED: list[Expected] = [
    (
        factors.second_factor_changed,
        of_accounts.SecondFactorChanged(account_id=PERSON, change="added", authenticator_name="Phone"),
        {"second_factor_changed": "ann@example.org"},
    ),
    (
        factors.second_factor_required,
        of_accounts.SecondFactorRequired(account_id=PERSON, skips_left=3),
        {"second_factor_required": "ann@example.org"},
    ),
    (
        factors.authenticator_renamed,
        of_accounts.AuthenticatorRenamed(
            account_id=PERSON, authenticator_id=uuid4(), previous_name="Phone", name="Old phone"
        ),
        {"authenticator_renamed": "ann@example.org"},
    ),
    (
        factors.personal_token_added,
        PersonalTokenAdded(
            account_id=PERSON, token_id=uuid4(), name="Docket", scopes=("linking:read",), expires_at=NOON
        ),
        {"personal_token_added": "ann@example.org"},
    ),
    (
        factors.backup_codes_replaced,
        of_accounts.BackupCodesReplaced(account_id=PERSON),
        {"backup_codes_replaced": "ann@example.org"},
    ),
    (
        factors.backup_code_used,
        of_accounts.BackupCodeUsed(account_id=PERSON, used_at=NOON, codes_left=7),
        {"backup_code_used": "ann@example.org"},
    ),
    (
        recovery.recovery_referred,
        of_accounts.RecoveryReferred(account_id=PERSON),
        {"recovery_referred": "ann@example.org"},
    ),
    (
        recovery.account_recovered,
        of_accounts.AccountRecovered(account_id=PERSON),
        {"account_recovered": "ann@example.org"},
    ),
    (
        recovery.recovery_link,
        of_accounts.RecoveryStarted(account_id=PERSON, recipient=SEALED, token=SEALED),
        {"recovery_link": "(sealed)"},
    ),
    (
        recovery.user_name_reminder,
        of_accounts.UserNameReminded(account_id=PERSON, recipient=SEALED, user_name=SEALED),
        {"user_name_reminder": "(sealed)"},
    ),
]

SAMPLES: dict[str, dict[str, Any]] = {
    "second_factor_changed": {
        "change": "removed",
        "authenticator_name": "Phone <2>",
        "afterwards": "Signing in takes your password alone.",
    },
    "second_factor_required": {"skips_left": "3", "note": "You linked a filing account."},
    "authenticator_renamed": {"previous_name": "Phone <2>", "authenticator_name": "Old & tired"},
    "personal_token_added": {
        "token_name": "Docket & <co>",
        "scopes": "accounts:read, linking:read",
        "expires_at": "February 1, 2024, 12:00 PM CST",
    },
    "backup_codes_replaced": {},
    "backup_code_used": {"used_at": "February 1, 2024, 12:00 PM CST", "codes_left": "7"},
    "recovery_link": {"link_ends": "February 1, 2024, 12:15 PM CST"},
    "recovery_referred": {},
    "account_recovered": {},
    "user_name_reminder": {"user_name": "ann.lee.1980"},
}
