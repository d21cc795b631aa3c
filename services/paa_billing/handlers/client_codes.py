"""Asking for client codes: a firm of its members, a person of themselves."""

from uuid import UUID

from services.paa_billing.handlers.askers import asker
from services.paa_billing.model.firms import Actor, Firm
from services.paa_billing.rules.actors import why_not_as_person
from services.paa_billing.rules.client_codes import rule_in_force, why_not_set_firms_rule
from services.paa_billing.rules.firms import why_not_for_firm
from services.paa_billing.settings import Resources
from services.paa_billing.store import client_codes, firms, memberships
from shared.messages.paa_billing import (
    BillingRefused,
    ClientCodeRuleChanged,
    ClientCodeRuleShown,
    FirmRefused,
    MyClientCodeRule,
    SetClientCodeRule,
    SetMyClientCodeRule,
)
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def set_client_code_rule(command: SetClientCodeRule, work: Work) -> ClientCodeRuleChanged | FirmRefused:
    actor = await asker(work)
    firm = await firms.find_firm_of(work.connection, actor.account_id)
    reason = why_not_set_firms_rule(actor, firm, work.resources.policies, work.now)
    if reason is not None or firm is None:
        return FirmRefused(reason=reason or "firm_not_found")
    return await _save(firm.paa_id, command.is_required, work)


async def set_my_client_code_rule(
    command: SetMyClientCodeRule, work: Work
) -> ClientCodeRuleChanged | FirmRefused:
    actor = await asker(work)
    if (reason := why_not_as_person(actor)) is not None:
        return FirmRefused(reason=reason)
    return await _save(actor.account_id, command.is_required, work)


async def my_client_code_rule(query: MyClientCodeRule, work: Work) -> ClientCodeRuleShown | BillingRefused:
    actor = await asker(work)
    own_firm = await firms.find_firm_of(work.connection, actor.account_id)
    is_administrator = actor.kind == "paa"
    reason = why_not_for_firm(actor, own_firm) if is_administrator else why_not_as_person(actor)
    if reason is not None:
        return BillingRefused(reason=reason)
    firm = own_firm if is_administrator else await _payer(actor, work)
    return rule_in_force(
        own=await client_codes.is_required(work.connection, actor.account_id),
        firm=firm,
        firms=firm is not None and await client_codes.is_required(work.connection, firm.paa_id),
    )


async def _payer(actor: Actor, work: Work) -> Firm | None:
    present = await memberships.find_membership(work.connection, actor.account_id)
    return None if present is None else await firms.find_firm(work.connection, present.paa_id)


async def _save(payer_id: UUID, is_required: bool, work: Work) -> ClientCodeRuleChanged:
    return await client_codes.save_rule(
        work.connection, payer_id, is_required=is_required, at=work.now, by=work.assertion.account_id
    )
