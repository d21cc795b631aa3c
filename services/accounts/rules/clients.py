"""Programs that sign in for a person: the outcomes and texts of the PACER Authentication API."""

from dataclasses import dataclass

from services.accounts.model import Account
from shared.messages.accounts import SignInRefused
from shared.messages.accounts.clients import ClientAuthenticated

REDACTING = "1"
NOT_LET_IN = ClientAuthenticated(
    login_result="13", error_description="Invalid username, password, or one-time passcode."
)
MUST_REDACT = ClientAuthenticated(
    login_result="1",
    error_description=(
        "All filers must redact personal identifiers from what they file (Fed. R. App. P. 25(a)(5), "
        "Fed. R. Civ. P. 5.2, Fed. R. Crim. P. 49.1, Fed. R. Bankr. P. 9037). "
        'Confirm this by redactFlag "1".'
    ),
)
CODE_MISSING = "A required client code was not entered: this token does not serve searching."
SEARCH_INACTIVE = "Search privileges are inactive: this token serves filing, not searching."
UPGRADE_FIRST = "Upgrade this account first: this token serves neither searching nor filing."
OF_A_FIRM = "This account is for a firm's bills: this token serves neither searching nor filing."
HELD = "This account is being reviewed: until then this token serves neither searching nor filing."


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Whom a program signs in for, once both factors are proved, and what it named.

    `is_restricted`: the session would serve only to put something right, which no program does.
    """

    account: Account
    is_filer: bool
    is_restricted: bool
    is_code_required: bool
    client_code: str
    redact_flag: str

    @property
    def lacks_code(self) -> bool:
        """Is a client code asked for, and none given?"""
        return self.is_code_required and not self.client_code.strip()


def refuse_client(entrant: Entrant) -> ClientAuthenticated | SignInRefused | None:
    """Why a program gets no token though it has shown all that proves who it is for, or None."""
    if entrant.is_restricted:
        return SignInRefused()
    return MUST_REDACT if entrant.is_filer and entrant.redact_flag != REDACTING else None


def warning(entrant: Entrant) -> str:
    """What a token doesn't serve, and why; empty where it serves all."""
    account = entrant.account
    if not account.is_upgraded:
        return UPGRADE_FIRST
    if account.kind == "paa":
        return OF_A_FIRM
    if account.status == "held_for_review":
        return HELD
    causes = (
        (not account.is_search_active, SEARCH_INACTIVE),
        (entrant.lacks_code, CODE_MISSING),
    )
    return " ".join(text for is_so, text in causes if is_so)
