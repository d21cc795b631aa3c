"""`nextgen court-credential`: what a court's machine shows to the web edge, issued, listed and ended."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from deploy.tool import stories
from deploy.tool.asking import as_operator
from deploy.tool.operating import OperatorError, StoryNumber, printable
from shared.messages.accounts.court_credentials import (
    CourtCredentialChanged,
    CourtCredentialIssued,
    CourtCredentialRefused,
    CourtCredentialShown,
    CourtCredentialsListed,
    EndCourtCredentialByOperator,
    IssueCourtCredentialByOperator,
    ListCourtCredentialsByOperator,
)
from shared.messages.base import Message
from shared.messaging.requests import Requests

app = App(name="court-credential", help="What courts' machines show to the web edge.")
Say = Callable[[str], None]
M = TypeVar("M", bound=Message)
_TOLD: Final = "told by mail is the court of this id, if there is one: that isn't looked up"
_WHY_NOT: Final = {
    "end_not_ahead": "its end isn't ahead",
    "too_many": "the court has as many as it may have; end one first",
    "not_in_force": "the court has no such credential in force",
}


@app.command
def issue(
    court: str,
    *,
    name: str,
    ends_at: Annotated[datetime | None, Parameter(help="An instant; by default it has no end.")] = None,
    story: StoryNumber = None,
) -> int:
    """Issue a credential for a court's machine and print it, this once; those issued before stay in force."""
    end = None if ends_at is None else ends_at.astimezone()
    return _run(story, lambda requests: issue_one(requests, court, name, end, print))


@app.command(name="list")
def list_all(court: str, *, story: StoryNumber = None) -> int:
    """List a court's credentials, those in force first, with their ends and when each was used last."""
    return _run(story, lambda requests: show_all(requests, court, print))


@app.command
def end(court: str, credential_id: UUID, *, story: StoryNumber = None) -> int:
    """End one of a court's credentials at once."""
    return _run(story, lambda requests: end_one(requests, court, credential_id, print))


async def issue_one(requests: Requests, court: str, name: str, ends_at: datetime | None, say: Say) -> int:
    """Ask `accounts` for a credential. Raises OperatorError, which says why there is none."""
    given = {"court_id": court, "name": name, "ends_at": ends_at}
    answer = await requests.ask(_read(given, IssueCourtCredentialByOperator))
    issued = _expect(answer.message, CourtCredentialIssued)
    say(f"{issued.credential_id}  {court}  {printable(issued.name)}; {_TOLD}")
    say("the machine's credential, which is never shown again:")
    say(requests.open(answer, "credential"))
    return 0


async def show_all(requests: Requests, court: str, say: Say) -> int:
    """Ask `accounts` for a court's credentials."""
    answer = await requests.ask(_read({"court_id": court}, ListCourtCredentialsByOperator))
    for each in _expect(answer.message, CourtCredentialsListed).credentials:
        say(_line(each))
    return 0


async def end_one(requests: Requests, court: str, credential_id: UUID, say: Say) -> int:
    """Have `accounts` end one. Raises OperatorError, which says why it isn't."""
    given = {"court_id": court, "credential_id": credential_id}
    answer = await requests.ask(_read(given, EndCourtCredentialByOperator))
    ended = _expect(answer.message, CourtCredentialChanged)
    say(f"{ended.credential_id}  {court}  {printable(ended.name)} has ended; {_TOLD}")
    return 0


def _run(number: int | None, act: Callable[[Requests], Coroutine[Any, Any, int]]) -> int:
    async def ask() -> int:
        async with as_operator(stories.load(number), "court-credential") as requests:
            return await act(requests)

    return asyncio.run(ask())


def _read(given: Mapping[str, object], kind: type[M]) -> M:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise OperatorError(f"that can't be asked: {error}") from None


def _expect(answer: Message, kind: type[M]) -> M:
    if isinstance(answer, CourtCredentialRefused):
        raise OperatorError(_WHY_NOT[answer.reason])
    if not isinstance(answer, kind):
        raise OperatorError(f"accounts answered {answer.message_name()}; nothing was done")
    return answer


def _line(shown: CourtCredentialShown) -> str:
    by = "the operator" if shown.issued_by is None else f"account {shown.issued_by}"
    told = [f"issued {shown.issued_at:%Y-%m-%d %H:%M} by {by}"]
    for what, at in (("ends", shown.ends_at), ("ended", shown.ended_at), ("last used", shown.last_used_at)):
        told += [] if at is None else [f"{what} {at:%Y-%m-%d %H:%M}"]
    return f"{shown.credential_id}  {printable(shown.name)}: {', '.join(told)} (UTC)"
