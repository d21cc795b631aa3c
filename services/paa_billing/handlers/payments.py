"""What a payer owes, and the money that comes in."""

from uuid import UUID

from services.paa_billing.handlers.balances import hold_balances, open_balance, post
from services.paa_billing.ledger import payment_entries
from services.paa_billing.model import Quarter
from services.paa_billing.model.firms import Firm
from services.paa_billing.model.issued import Payment
from services.paa_billing.prices import schedule_in_force
from services.paa_billing.rules.payments import decide_payment, payer_of
from services.paa_billing.rules.waiver import held_against_waiver
from services.paa_billing.settings import Resources
from services.paa_billing.store import (
    accounts,
    firms,
    ledger,
    memberships,
    payments,
    schedules,
    totals,
    usage,
)
from shared.messages.paa_billing import (
    BalanceShown,
    BillingRefused,
    MyBalance,
    PaymentRecorded,
    PaymentRefused,
    PaymentRepeated,
    RecordPayment,
    StaffUsedData,
)
from shared.messaging.unit_of_work import UnitOfWork
from shared.money import Cents


async def record_payment(
    command: RecordPayment, work: UnitOfWork[Resources]
) -> PaymentRecorded | PaymentRepeated | PaymentRefused:
    account = await accounts.find_account_by_number(work.connection, command.account_number)
    if account is None:
        return PaymentRefused(reason="account_not_found")
    firm = await firms.find_firm_of(work.connection, account.account_id)
    await payments.lock_reference(work.connection, command.reference)
    before = await payments.find_payment(work.connection, command.reference)

    payer_id = decide_payment(command, payer_of(account, firm), before)

    if isinstance(payer_id, PaymentRefused):
        return payer_id
    work.emit(StaffUsedData(account_id=account.account_id, used_for="record_payment", used_at=work.now))
    if before is not None:
        return await _repeated(before, work)
    await _book(command, payer_id, account.account_id, work)
    return await _recorded(command, payer_id, firm, work)


async def my_balance(query: MyBalance, work: UnitOfWork[Resources]) -> BalanceShown | BillingRefused:
    """An administrator asks for the firm, anyone else for themselves; a legacy account may ask too."""
    own_firm = await firms.find_firm_of(work.connection, work.assertion.account_id)
    payer_id = payer_of(work.assertion, own_firm)
    if payer_id is None:
        return BillingRefused(reason="firm_not_found")
    zone = work.resources.policies.zone
    quarter = Quarter.of(work.now, zone)
    schedule = schedule_in_force(
        await schedules.list_schedules(work.connection), quarter.last_instant(zone), zone
    )
    balance = await open_balance(work, payer_id)
    paying = await _who_pays(work)
    charged_cents = await usage.sum_charged(work.connection, payer_id, quarter)
    own_uses = await totals.sum_charged_by_person(work.connection, quarter, [work.assertion.account_id])
    return BalanceShown(
        payer_id=payer_id,
        open_cents=max(balance, 0),
        credit_cents=max(-balance, 0),
        running_quarter=str(quarter),
        running_charged_cents=charged_cents,
        unissued_charged_cents=await totals.sum_unissued(work.connection, payer_id, quarter),
        waiver_cents=0 if schedule is None else schedule.waiver_cents,
        paid_by_firm=None if paying is None else paying.name,
        held_against_waiver_cents=held_against_waiver(
            own_firm,
            charged_cents,
            own_uses.get(work.assertion.account_id, Cents(0)),
            work.resources.policies.billing.waiver_subject,
        ),
        own_firm=None if own_firm is None else own_firm.name,
    )


async def _book(command: RecordPayment, payer_id: UUID, paid_by: UUID, work: UnitOfWork[Resources]) -> None:
    amount_cents = Cents(command.amount_cents)
    await hold_balances(work, [payer_id])
    standings = await ledger.sum_standings(work.connection, [payer_id])
    entries = payment_entries(payer_id, amount_cents, standings[payer_id], lambda _: work.new_id())
    operation = await post(work, "payment", f"Payment {command.reference}", entries)
    payment = Payment(
        reference=command.reference,
        payer_id=payer_id,
        amount_cents=amount_cents,
        paid_by=paid_by,
        recorded_at=work.now,
        operation_id=operation.id,
    )
    await payments.insert_payment(work.connection, payment)


async def _recorded(
    command: RecordPayment, payer_id: UUID, firm: Firm | None, work: UnitOfWork[Resources]
) -> PaymentRecorded:
    return PaymentRecorded(
        payer_id=payer_id,
        reference=command.reference,
        amount_cents=command.amount_cents,
        open_cents=max(await open_balance(work, payer_id), 0),
        recipient_ids=(payer_id,) if firm is None else firm.administrator_ids,
    )


async def _repeated(payment: Payment, work: UnitOfWork[Resources]) -> PaymentRepeated:
    return PaymentRepeated(
        payer_id=payment.payer_id,
        reference=payment.reference,
        amount_cents=payment.amount_cents,
        open_cents=max(await open_balance(work, payment.payer_id), 0),
    )


async def _who_pays(work: UnitOfWork[Resources]) -> Firm | None:
    present = await memberships.find_membership(work.connection, work.assertion.account_id)
    return None if present is None else await firms.find_firm(work.connection, present.paa_id)
