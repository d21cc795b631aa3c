"""The letters that follow from locks that were ended and sessions that were: whom each goes to."""

from services.notify.rules import sessions
from shared.messages import accounts as of_accounts
from tests.unit.letters import PERSON, Expected

EXPECTED: list[Expected] = [
    (
        sessions.account_unlocked,
        of_accounts.AccountUnlocked(account_id=PERSON),
        {"account_unlocked": "ann@example.org"},
    ),
    (
        sessions.sessions_ended,
        of_accounts.SessionsEnded(account_id=PERSON, session_count=2),
        {"sessions_ended": "ann@example.org"},
    ),
]
