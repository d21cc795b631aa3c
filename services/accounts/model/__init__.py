"""The frozen values that the rules of `accounts` read and make."""

from services.accounts.model.accounts import Account, LikeAccount, Likeness, Standing
from services.accounts.model.court_credentials import CourtCredential
from services.accounts.model.credentials import (
    Admission,
    Authenticator,
    Credential,
    Duties,
    Guard,
    GuardKind,
)
from services.accounts.model.exports import Export, ExportPart, Gathered
from services.accounts.model.history import (
    Chain,
    HistoryEnd,
    HistoryEntry,
    HistoryHead,
    chain_entry,
    is_unbroken,
)
from services.accounts.model.records import AskedErasure
from services.accounts.model.roles import RoleGrant
from services.accounts.model.sessions import InForce, PersonalToken, Session, Verification
from services.accounts.model.throttles import Counted, Throttle
from services.accounts.model.tokens import OneTimeToken, Purpose

__all__ = [
    "Account",
    "Admission",
    "AskedErasure",
    "Authenticator",
    "Chain",
    "Counted",
    "CourtCredential",
    "Credential",
    "Duties",
    "Export",
    "ExportPart",
    "Gathered",
    "Guard",
    "GuardKind",
    "HistoryEnd",
    "HistoryEntry",
    "HistoryHead",
    "InForce",
    "LikeAccount",
    "Likeness",
    "OneTimeToken",
    "PersonalToken",
    "Purpose",
    "RoleGrant",
    "Session",
    "Standing",
    "Throttle",
    "Verification",
    "chain_entry",
    "is_unbroken",
]
