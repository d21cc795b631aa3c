"""Handles filing: where an account may file, and as whom at one court."""

from services.linking.model import Asker
from services.linking.rules.filing import decide_filing
from services.linking.rules.standing import newest_state, why_account_may_not_file
from services.linking.settings import Resources
from services.linking.store import filing
from shared.messages.linking import FilersFound, FilingRefused, FilingRights, WhatMayIFile, WhoFilesHere
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def what_may_i_file(query: WhatMayIFile, work: Work) -> FilingRights:
    """The courts, roles and filing logins that the account may use now."""
    account_id = work.assertion.account_id
    known, rights = await filing.read_filing_rights(work.connection, account_id, work.now)
    reason = why_account_may_not_file(newest_state(Asker(assertion=work.assertion, known=known)))
    return FilingRights(account_id=account_id, rights=() if reason else rights, reason=reason)


async def who_files_here(query: WhoFilesHere, work: Work) -> FilersFound | FilingRefused:
    """The filing logins, roles and names that the account may use at the court now."""
    here = await filing.read_filing_here(work.connection, work.assertion.account_id, query.court_id)
    return decide_filing(work.assertion, query.court_id, here, work.now)
