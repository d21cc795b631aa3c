"""Programs that sign in for a person: what the PACER Authentication API asks and answers."""

from typing import Annotated, ClassVar, Literal

import msgspec

from shared.messages.accounts.values import Network
from shared.messages.base import CLEAN, Command, Reply, Speaker
from shared.sealed import Sealed

LoginResult = Literal["0", "1", "13"]
"""In; a filer who doesn't say that filings are redacted; any failure of who it is."""
ClientCode = Annotated[str, msgspec.Meta(max_length=32, pattern=CLEAN, description="one line, perhaps empty")]

RedactFlag = Annotated[str, msgspec.Meta(max_length=64)]


class AuthenticateClient(Command, frozen=True, kw_only=True, tag="accounts.authenticate_client.v1"):
    """Open a session for a program: loginId, password, otpCode, clientCode and redactFlag (a check).

    `redact_flag` is "1" where the person says that filings will be redacted; `client_code` is for searches.
    """

    spoken_by: ClassVar[Speaker] = "anyone"
    login_id: Annotated[str, msgspec.Meta(max_length=254)]
    password: Sealed
    otp_code: Sealed | None = None
    client_code: ClientCode = ""
    redact_flag: RedactFlag = ""
    network: Network = ""
    """Where the request came from, as the edge saw it: an address prefix, for throttling."""


class ClientAuthenticated(Reply, frozen=True, kw_only=True, tag="accounts.client_authenticated.v1"):
    """The keys loginResult, errorDescription and nextGenCSO of the answer, and no token but with "0".

    With "0" the description is empty or warns of what the token doesn't serve.
    """

    login_result: LoginResult
    error_description: str
    token: Sealed | None = None


class LogOutClient(Command, frozen=True, kw_only=True, tag="accounts.log_out_client.v1"):
    """End a program's session; asking again, or with an unknown token, changes nothing."""

    spoken_by: ClassVar[Speaker] = "anyone"
    token: Sealed


class ClientLoggedOut(Reply, frozen=True, kw_only=True, tag="accounts.client_logged_out.v1"):
    """No session of this token is open any more: loginResult "0", whoever asked."""

    login_result: LoginResult = "0"
    error_description: str = ""
