"""Client codes: whether a firm asks its members for one with each search, or a person themselves."""

from typing import ClassVar
from uuid import UUID

from shared.messages.base import Command, Event, Query, Reply


class SetClientCodeRule(Command, frozen=True, kw_only=True, tag="paa_billing.set_client_code_rule.v1"):
    """The firm asks its members for a client code with each search, or does so no longer (administrator)."""

    is_sensitive: ClassVar[bool] = True
    is_required: bool


class SetMyClientCodeRule(Command, frozen=True, kw_only=True, tag="paa_billing.set_my_client_code_rule.v1"):
    """I ask myself for a client code with each search, or no longer; a firm that pays for me goes before."""

    is_required: bool


class ClientCodeRuleChanged(Event, frozen=True, kw_only=True, tag="paa_billing.client_code_rule_changed.v1"):
    """The whole rule of one payer; a copy applies only a higher version.

    `payer_id` is a firm's `paa_id`, for all its members while it pays for them, or a person's account.
    """

    payer_id: UUID
    version: int
    is_required: bool
    actor_account_id: UUID


class MyClientCodeRule(Query, frozen=True, kw_only=True, tag="paa_billing.my_client_code_rule.v1"):
    """Is a client code asked of me, and by whom? An administrator sees the firm's rule."""


class ClientCodeRuleShown(Reply, frozen=True, kw_only=True, tag="paa_billing.client_code_rule_shown.v1"):
    """The rule in force: the firm's while it pays (`firm_name` says which), else the person's own.

    `is_own_required` is what comes back when the person leaves the firm.
    """

    is_required: bool
    is_own_required: bool
    firm_name: str = ""
