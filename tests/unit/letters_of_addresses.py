"""The letters that follow from changes of the e-mail address and of one's own data: whom each goes to."""

from services.notify.rules import addresses
from shared.messages import accounts as of_accounts
from tests.unit.letters import PERSON, SEALED, Expected

EXPECTED: list[Expected] = [
    (
        addresses.email_change,
        of_accounts.EmailChangeAsked(account_id=PERSON, recipient=SEALED, token=SEALED),
        {"email_change": "(sealed)"},
    ),
    (
        addresses.email_changed,
        of_accounts.EmailChanged(account_id=PERSON, recipient=SEALED, token=SEALED),
        {"email_changed": "(sealed)"},
    ),
    (
        addresses.email_taken_into_use,
        of_accounts.EmailTakenIntoUse(account_id=PERSON, recipient=SEALED, warnings=("name", "email")),
        {"email_taken_into_use": "(sealed)"},
    ),
    (
        addresses.email_put_back,
        of_accounts.EmailPutBack(account_id=PERSON, recipient=SEALED),
        {"email_put_back": "(sealed)"},
    ),
    (
        addresses.email_withdrawn,
        of_accounts.EmailWithdrawn(account_id=PERSON, recipient=SEALED),
        {"email_withdrawn": "(sealed)"},
    ),
    (
        addresses.profile_changed,
        of_accounts.ProfileChanged(account_id=PERSON, fields=("city", "phone")),
        {"profile_changed": "ann@example.org"},
    ),
    (
        addresses.user_name_changed,
        of_accounts.UserNameChanged(account_id=PERSON),
        {"user_name_changed": "ann@example.org"},
    ),
]
