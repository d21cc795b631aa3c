"""The letters that follow from what `accounts` announces: whom each goes to."""

from services.notify.rules import accounts, records
from shared.messages import accounts as of_accounts
from shared.messages.accounts.exports import ExportReady
from tests.messaging import NOON
from tests.unit import letters_of_addresses, letters_of_sessions, letters_of_staff
from tests.unit.letters import PERSON, SEALED, Expected

EXPECTED: list[Expected] = [
    (
        accounts.verify_email,
        of_accounts.EmailVerificationAsked(account_id=PERSON, recipient=SEALED, token=SEALED),
        {"verify_email": "(sealed)"},
    ),
    (
        accounts.account_held,
        of_accounts.AccountHeldForReview(account_id=PERSON),
        {"account_held": "ann@example.org"},
    ),
    (accounts.welcome, of_accounts.AccountActivated(account_id=PERSON), {"welcome": "ann@example.org"}),
    (
        accounts.account_upgraded,
        of_accounts.AccountUpgradeFinished(account_id=PERSON),
        {"account_upgraded": "ann@example.org"},
    ),
    (
        accounts.account_deactivated,
        of_accounts.AccountDeactivated(account_id=PERSON),
        {"account_deactivated": "ann@example.org"},
    ),
    (
        records.erasure_asked,
        of_accounts.ErasureAsked(account_id=PERSON, final_at=NOON, token=SEALED),
        {"erasure_asked": "ann@example.org"},
    ),
    (
        records.erasure_stopped,
        of_accounts.ErasureStopped(account_id=PERSON),
        {"erasure_stopped": "ann@example.org"},
    ),
    (
        records.export_ready,
        ExportReady(export_id=PERSON, account_id=PERSON, expires_at=NOON),
        {"export_ready": "ann@example.org"},
    ),
    (
        accounts.password_changed,
        of_accounts.PasswordChanged(account_id=PERSON),
        {"password_changed": "ann@example.org"},
    ),
    (
        accounts.new_sign_in_place,
        of_accounts.SignedInFromNewPlace(account_id=PERSON, at=NOON),
        {"new_sign_in_place": "ann@example.org"},
    ),
    (
        accounts.account_locked,
        of_accounts.AccountLocked(account_id=PERSON, locked_until=NOON, unlock_token=SEALED),
        {"account_locked": "ann@example.org"},
    ),
    *letters_of_addresses.EXPECTED,
    *letters_of_sessions.EXPECTED,
    *letters_of_staff.EXPECTED,
]
