"""What a firm sees: the look is recorded in one transaction, what the firm may see is read in the next."""

from services.paa_billing.model.firms import Firm
from services.paa_billing.prices import PAGED
from services.paa_billing.rules.actors import who_asks
from services.paa_billing.rules.firms import why_not_for_firm, why_not_see_firm
from services.paa_billing.rules.payments import payer_of
from services.paa_billing.settings import Resources
from services.paa_billing.store import accounts, firms, lines, statements
from services.paa_billing.store.looks import Look, as_firm, insert_look
from shared.messages.paa_billing import (
    BillingRefused,
    FirmRefusalReason,
    FirmUsage,
    MembersShown,
    MyMembers,
    MyStatementFiles,
    StatementFile,
    StatementFiles,
    UsageList,
)
from shared.messaging.bench import Bench

MOST_MEMBERS = 1_000
SEARCHES = [kind for kind, paged in PAGED.items() if paged.is_search]
"""The kinds whose description says what was searched for."""


async def firm_usage(query: FirmUsage, bench: Bench[Resources]) -> UsageList | BillingRefused:
    firm, reason = await _own_firm(bench, is_legacy_enough=True)
    if firm is None:
        return BillingRefused(reason=reason)
    look = Look(
        paa_id=firm.paa_id,
        administrator_id=bench.assertion.account_id,
        kind="usage",
        quarter=query.quarter,
    )
    hidden = [] if bench.resources.policies.billing.show_search_terms else SEARCHES
    async with as_firm(bench, look) as connection:
        found = await lines.list_lines_of_firm(
            connection, firm.paa_id, query.quarter, query.after, query.limit + 1, hidden
        )
    return UsageList(lines=tuple(found[: query.limit]), has_more=len(found) > query.limit)


async def my_members(query: MyMembers, bench: Bench[Resources]) -> MembersShown | BillingRefused:
    firm, reason = await _own_firm(bench, is_legacy_enough=False)
    if firm is None:
        return BillingRefused(reason=reason)
    look = Look(paa_id=firm.paa_id, administrator_id=bench.assertion.account_id, kind="members")
    async with as_firm(bench, look) as connection:
        members = await lines.list_members(connection, MOST_MEMBERS)
    return MembersShown(firm_name=firm.name, members=tuple(members))


async def my_statement_files(
    query: MyStatementFiles, bench: Bench[Resources]
) -> StatementFiles | BillingRefused:
    """A firm's look is recorded in the transaction that reads where the files lie: not told without it."""
    async with bench.transaction() as work:
        firm = await firms.find_firm_of(work.connection, bench.assertion.account_id)
        payer_id = payer_of(bench.assertion, firm)
        if payer_id is None:
            return BillingRefused(reason="firm_not_found")
        quarter = await statements.find_quarter(work.connection, query.statement_id, payer_id)
        if quarter is None:
            return StatementFiles(files=())
        kept = (await statements.list_files(work.connection, [query.statement_id]))[query.statement_id]
        if firm is not None and kept:
            look = Look(
                paa_id=firm.paa_id,
                administrator_id=bench.assertion.account_id,
                kind="statement",
                quarter=quarter,
            )
            await insert_look(work.connection, work.new_id(), look, work.now)
    return StatementFiles(files=tuple(StatementFile(form=f.form, key=f.key, sha256=f.sha256) for f in kept))


async def _own_firm(
    bench: Bench[Resources], *, is_legacy_enough: bool
) -> tuple[Firm | None, FirmRefusalReason]:
    """The asker's firm, or why they don't see it; a legacy administrator may see usage only."""
    async with bench.transaction() as work:
        account_id = bench.assertion.account_id
        actor = who_asks(bench.assertion, await accounts.find_account(work.connection, account_id))
        firm = await firms.find_firm_of(work.connection, account_id)
    why_not = why_not_see_firm if is_legacy_enough else why_not_for_firm
    reason = why_not(actor, firm)
    return (firm, "firm_not_found") if reason is None else (None, reason)
