"""The policies that a statement prints, kept with a close so that all its statements print the same."""

import msgspec

from services.paa_billing.statements.document import PoliciesInForce
from shared.policies import Policies


def policies_in_force(policies: Policies) -> PoliciesInForce:
    """Those that touch what stands on a statement."""
    return PoliciesInForce(
        business_zone=policies.business_zone,
        due_days=policies.billing.due_days,
        move_balance_on_join=policies.billing.move_balance_on_join,
        show_search_terms=policies.billing.show_search_terms,
        waiver_schedule=policies.billing.waiver_schedule,
        waiver_subject=policies.billing.waiver_subject,
    )


def write_policies(policies: PoliciesInForce) -> bytes:
    """As they are kept."""
    return msgspec.json.encode(policies)


def read_policies(kept: bytes) -> PoliciesInForce:
    """As they were when the close began."""
    return msgspec.json.decode(kept, type=PoliciesInForce)
