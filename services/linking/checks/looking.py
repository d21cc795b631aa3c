"""Looks of court staff at people: what is seen of whom is told for their history, then it is shown.

One transaction reads and tells, and nothing is shown unless it has committed. No reply is kept.
"""

from collections.abc import Iterable
from uuid import UUID

from services.linking.rules.attempts import login_digest, meaning_of
from services.linking.rules.courts import why_not_staff
from services.linking.rules.looks import uses_of
from services.linking.rules.roster import login_as_kept
from services.linking.settings import Resources
from services.linking.store import attempts, conflicts, history, requests
from shared.messages.base import NotAllowed
from shared.messages.linking.attempts import LinkAttempt, LinkAttemptsShown, WhyCantLink
from shared.messages.linking.conflicts import Conflicts, ConflictsSeen
from shared.messages.linking.history import LinksOf, LinksOfFilingAccount
from shared.messages.linking.requests import FilingRequests, FilingRequestsSeen
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
MOST_ATTEMPTS_SHOWN = 20


async def filing_requests(
    command: FilingRequests, bench: Bench[Resources]
) -> FilingRequestsSeen | NotAllowed:
    """A page of what people ask a court for."""
    if (not_allowed := why_not_staff(bench.assertion, command.court_id)) is not None:
        return not_allowed
    async with bench.transaction() as work:
        found = await requests.list_open_requests(
            work.connection, command.court_id, command.after, command.limit + 1
        )
        page = tuple(found[: command.limit])
        seen = (request.person.account_id for request in page)
        _tell(seen, command.court_id, "filing_requests", work, is_in_list=True)
    return FilingRequestsSeen(requests=page, has_more=len(found) > len(page))


async def conflicts_of_court(command: Conflicts, bench: Bench[Resources]) -> ConflictsSeen | NotAllowed:
    """A page of the filing accounts at a court that two people claim."""
    if (not_allowed := why_not_staff(bench.assertion, command.court_id)) is not None:
        return not_allowed
    async with bench.transaction() as work:
        found = await conflicts.list_open_conflicts(
            work.connection, command.court_id, command.after, command.limit + 1
        )
        page = tuple(found[: command.limit])
        seen = (person.account_id for conflict in page for person in (conflict.holder, conflict.claimant))
        _tell(seen, command.court_id, "conflicts", work, is_in_list=True)
    return ConflictsSeen(conflicts=page, has_more=len(found) > len(page))


async def why_cant_link(command: WhyCantLink, bench: Bench[Resources]) -> LinkAttemptsShown | NotAllowed:
    """The last attempts at a filing login, and what each outcome means."""
    if (not_allowed := why_not_staff(bench.assertion, command.court_id)) is not None:
        return not_allowed
    court_id, login = command.court_id, login_as_kept(command.login)
    async with bench.transaction() as work:
        filing_account_id, is_linked, has_open_code = await attempts.read_login(
            work.connection, court_id, login, work.now
        )
        digest = login_digest(court_id, login, work.resources.digest_key)
        found = await attempts.list_attempts(work.connection, court_id, digest, MOST_ATTEMPTS_SHOWN)
        _tell((person.account_id for person, *_ in found), court_id, "why_cant_link", work)
    shown = []
    for person, outcome, count, last_at in found:
        meaning, next_step = meaning_of(outcome)
        shown.append(
            LinkAttempt(
                person=person,
                outcome=outcome,
                meaning=meaning,
                next_step=next_step,
                count=count,
                last_at=last_at,
            )
        )
    return LinkAttemptsShown(
        court_id=court_id,
        login=command.login,
        filing_account_id=filing_account_id,
        is_linked=is_linked,
        has_open_code=has_open_code,
        attempts=tuple(shown),
    )


async def links_of(command: LinksOf, bench: Bench[Resources]) -> LinksOfFilingAccount | NotAllowed:
    """A page of who has held a filing account."""
    if (not_allowed := why_not_staff(bench.assertion, command.court_id)) is not None:
        return not_allowed
    court_id, login = command.court_id, login_as_kept(command.login)
    async with bench.transaction() as work:
        found = await history.list_links_of_login(
            work.connection, court_id, login, command.before, command.limit + 1
        )
        page = tuple(found[: command.limit])
        _tell((link.person.account_id for link in page), court_id, "links_of", work)
    return LinksOfFilingAccount(
        court_id=court_id, login=command.login, links=page, has_more=len(found) > len(page)
    )


def _tell(
    account_ids: Iterable[UUID], court_id: str, view: str, work: Work, *, is_in_list: bool = False
) -> None:
    for use in uses_of(account_ids, work.assertion, court_id, view, work.now, is_in_list=is_in_list):
        work.emit(use)
