"""Who may ask for client codes, and whose rule applies."""

from datetime import datetime

from services.paa_billing.model.firms import Actor, Firm
from services.paa_billing.rules.actors import why_not_sensitive
from services.paa_billing.rules.firms import why_not_for_firm
from shared.messages.paa_billing import ClientCodeRuleShown, FirmRefusalReason
from shared.policies import Policies


def why_not_set_firms_rule(
    actor: Actor, firm: Firm | None, policies: Policies, now: datetime
) -> FirmRefusalReason | None:
    """What keeps an account from setting its firm's rule; it changes what members can search with."""
    return why_not_for_firm(actor, firm) or why_not_sensitive(actor, policies, now)


def rule_in_force(*, own: bool, firm: Firm | None, firms: bool) -> ClientCodeRuleShown:
    """The firm's rule takes the place of a person's own, stricter or not, while the firm pays."""
    if firm is None:
        return ClientCodeRuleShown(is_required=own, is_own_required=own)
    return ClientCodeRuleShown(is_required=firms, is_own_required=own, firm_name=firm.name)
