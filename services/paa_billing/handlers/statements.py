"""What a payer is shown of statements."""

from services.paa_billing.model.issued import FileKept, IssuedStatement
from services.paa_billing.rules.payments import open_by_quarter, payer_of
from services.paa_billing.settings import Resources
from services.paa_billing.store import firms, ledger, statements
from shared.messages.paa_billing import (
    BillingRefused,
    MyStatements,
    StatementFile,
    StatementList,
    StatementShown,
)
from shared.messaging.unit_of_work import UnitOfWork
from shared.money import Cents

MOST_STATEMENTS = 400
"""A hundred years of quarters."""


async def my_statements(query: MyStatements, work: UnitOfWork[Resources]) -> StatementList | BillingRefused:
    """An administrator sees the firm's, anyone else their own; a legacy account may see them too.

    The files of a firm's are asked for one by one: `checks.my_statement_files`.
    """
    firm = await firms.find_firm_of(work.connection, work.assertion.account_id)
    payer_id = payer_of(work.assertion, firm)
    if payer_id is None:
        return BillingRefused(reason="firm_not_found")
    issued = await statements.list_statements(work.connection, payer_id, MOST_STATEMENTS)
    own = issued if firm is None else []
    files = await statements.list_files(work.connection, [each.id for each in own])
    changes = await ledger.list_changes(work.connection, [payer_id])
    still_open = open_by_quarter(changes[payer_id])
    return StatementList(
        statements=tuple(
            _shown(each, files.get(each.id, ()), still_open.get(each.quarter, Cents(0))) for each in issued
        )
    )


def _shown(statement: IssuedStatement, files: tuple[FileKept, ...], open_cents: Cents) -> StatementShown:
    return StatementShown(
        statement_id=statement.id,
        number=statement.number,
        kind=statement.kind,
        payer_id=statement.payer_id,
        payer_name=statement.payer_name,
        quarter=str(statement.quarter),
        total_cents=statement.total_cents,
        waived_cents=statement.waived_cents,
        credited_cents=statement.total_cents - statement.waived_cents - statement.newly_due_cents,
        due_cents=statement.due_cents,
        open_cents=open_cents,
        due_on=statement.due_on,
        issued_at=statement.issued_at,
        files=tuple(StatementFile(form=each.form, key=each.key, sha256=each.sha256) for each in files),
    )
