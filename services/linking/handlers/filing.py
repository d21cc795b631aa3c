"""Handles filing: where an account may file, and as whom at one court."""

from services.linking.model import Asker
from services.linking.rules.filing import decide_filing
from services.linking.rules.standing import newest_state, why_account_may_not_file
from services.linking.settings import Resources
from services.linking.store import filing, history
from shared.messages.linking import (
    FilersFound,
    FilingRefused,
    FilingRight,
    FilingRights,
    RefusalReason,
    WhatMayIFile,
    WhoFilesHere,
)
from shared.messages.linking.history import MyCourts, MyCourtsShown
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
LINKS_LOOKED_AT = 50
"""The newest, among which ended ones are shown; older ones come in pages of all links."""


async def what_may_i_file(query: WhatMayIFile, work: Work) -> FilingRights:
    """The courts, roles and filing logins that the account may use now."""
    rights, reason = await _read_rights(work)
    return FilingRights(account_id=work.assertion.account_id, rights=rights, reason=reason)


async def my_courts(query: MyCourts, work: Work) -> MyCourtsShown:
    """The same, and the links that have ended."""
    rights, reason = await _read_rights(work)
    account_id = work.assertion.account_id
    links = await history.list_links_of_account(work.connection, account_id, None, LINKS_LOOKED_AT)
    ended = tuple(link for link in links if link.unlinked_at is not None)
    return MyCourtsShown(rights=rights, ended=ended, reason=reason)


async def who_files_here(query: WhoFilesHere, work: Work) -> FilersFound | FilingRefused:
    """The filing logins, roles and names that the account may use at the court now."""
    here = await filing.read_filing_here(work.connection, work.assertion.account_id, query.court_id)
    return decide_filing(work.assertion, query.court_id, here, work.now)


async def _read_rights(work: Work) -> tuple[tuple[FilingRight, ...], RefusalReason | None]:
    """Where the account may file now; nowhere, and why, if its links don't count."""
    known, rights = await filing.read_filing_rights(work.connection, work.assertion.account_id, work.now)
    reason = why_account_may_not_file(newest_state(Asker(assertion=work.assertion, known=known)))
    return () if reason else rights, reason
