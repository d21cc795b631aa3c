"""Problems: what was wrong, where, and what to do, in one shape (RFC 9457)."""

from collections.abc import Mapping

import msgspec

from shared.errors import DeadlinePassedError, RequestError
from shared.messages import base
from shared.messages.accounts import Busy
from shared.messages.base import Message
from shared.messages.linking import ProvingBusy, RosterBusy

JSON_TYPE = "application/problem+json"
RETRY_SECONDS = 5
NOT_SIGNED_IN = "not_signed_in"


class ProblemShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem as it is answered; `code` is for programs and stays, `title` and `detail` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str = ""
    request_id: str = ""


class Problem(Exception):  # noqa: N818 (RFC 9457's own word)
    """A request that can't be done; what it says may be shown to whoever asked.

    `field` names what was wrong in the request; `retry_after_seconds` says when to ask again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        field: str = "",
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.field, self.retry_after_seconds = field, retry_after_seconds

    def shown(self, request_id: str = "") -> ProblemShown:
        """As it is answered."""
        return ProblemShown(
            type=f"urn:nextgen:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            field=self.field,
            request_id=request_id,
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer's head says of it."""
        said = {}
        if self.retry_after_seconds is not None:
            said["retry-after"] = str(self.retry_after_seconds)
        if self.status == 401:
            said["www-authenticate"] = "Bearer"
        return said


def not_signed_in() -> Problem:
    """No session, or none any more."""
    return Problem(401, NOT_SIGNED_IN, "Not signed in", "Sign in, and ask again.")


def proof_too_old() -> Problem:
    """A sensitive act needs a recent proof; a browser is led to where it is given, and back."""
    return Problem(403, "proof_too_old", "Prove it again", "Enter your password again, and then repeat this.")


def unavailable(error: RequestError, *, is_question: bool) -> Problem:
    """A service that nobody reached, or that didn't answer in time; what isn't a question may be done yet."""
    what = "took too long" if isinstance(error, DeadlinePassedError) else "can't be reached just now"
    advice = (
        "Ask again in a few seconds."
        if is_question
        else "What you asked for may have been done all the same: look before you do it again."
    )
    return Problem(
        503,
        "unavailable",
        "Not available just now",
        f"A part of this service {what}. {advice}",
        retry_after_seconds=RETRY_SECONDS,
    )


def busy(retry_after_seconds: int) -> Problem:
    """More than can be done at once."""
    return Problem(
        503,
        "busy",
        "Too much at once",
        f"Many people want the same at this moment. Ask again in {retry_after_seconds} seconds.",
        retry_after_seconds=retry_after_seconds,
    )


_NOT_ALLOWED: Mapping[str, tuple[int, str, str]] = {
    "assertion_missing": (401, "Not signed in", "Sign in, and ask again."),
    "assertion_invalid": (401, "Not signed in", "Sign in, and ask again."),
    "role_missing": (403, "Not allowed", "This needs a role that the account doesn't hold."),
    "not_yours": (404, "Not found", "There is nothing of this name that belongs to the account."),
    "upgrade_first": (403, "Upgrade first", "Upgrade the account first; then this can be done."),
    "proof_too_old": (403, "Prove it again", "Enter the password or a passcode again, and then repeat this."),
    "session_level_too_low": (403, "Second factor needed", "Sign in with a second factor, and ask again."),
    "session_restricted": (
        403,
        "First things first",
        "This session serves to change the password or to add an authenticator, until that is done.",
    ),
}


def problem_of(reply: Message) -> Problem | None:
    """The problem in a reply that any request may get, or None if it is an answer of its own."""
    match reply:
        case base.NotAllowed(reason=reason):
            status, title, detail = _NOT_ALLOWED[reason]
            return Problem(status, reason, title, detail)
        case base.ScopeMissing(scope=scope):
            needed = (
                f"This token needs the scope {scope}." if scope else "No personal token does this: sign in."
            )
            return Problem(403, "scope_missing", "Beyond this token", needed)
        case base.Malformed(problem=problem):
            return Problem(422, "malformed", "Not understood", problem)
        case base.IdReused():
            return Problem(
                409,
                "id_reused",
                "Used before",
                "This was sent before, with other content: begin anew, under a new Idempotency-Key if any."
                " Nothing has changed.",
                field="Idempotency-Key",
            )
        case base.TooLate():
            return Problem(
                503,
                "too_late",
                "Not in time",
                "This came too late to be done. Ask again, with the same Idempotency-Key if there is one.",
                retry_after_seconds=RETRY_SECONDS,
            )
        case base.Failed() | base.AssertionNotForThis():
            return Problem(
                503,
                "failed",
                "Not done",
                "This couldn't be done just now. Nothing has changed: ask again.",
                retry_after_seconds=RETRY_SECONDS,
            )
        case Busy() | ProvingBusy() | RosterBusy():
            return busy(reply.retry_after_seconds)
    return None
