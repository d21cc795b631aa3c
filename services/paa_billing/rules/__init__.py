"""What billing decides: pure functions from what is known to what happened, one module a subject."""

from services.paa_billing.rules.waiver import choose_waiver_schedule, settle_payer

__all__ = ["choose_waiver_schedule", "settle_payer"]
