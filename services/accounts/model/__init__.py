"""The frozen values that the rules of `accounts` read and make."""

from services.accounts.model.accounts import Account, Likeness, Standing
from services.accounts.model.credentials import Authenticator, Credential, Duties, Guard, GuardKind
from services.accounts.model.history import HistoryEntry, chain_entry, is_unbroken
from services.accounts.model.records import AskedErasure
from services.accounts.model.sessions import Session, Verification
from services.accounts.model.tokens import OneTimeToken, Purpose

__all__ = [
    "Account",
    "AskedErasure",
    "Authenticator",
    "Credential",
    "Duties",
    "Guard",
    "GuardKind",
    "HistoryEntry",
    "Likeness",
    "OneTimeToken",
    "Purpose",
    "Session",
    "Standing",
    "Verification",
    "chain_entry",
    "is_unbroken",
]
