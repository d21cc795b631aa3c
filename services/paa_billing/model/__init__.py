"""The frozen values that the rules of billing read and make."""

from services.paa_billing.model.quarters import Quarter, in_zone
from services.paa_billing.model.settlements import (
    CourtTotal,
    PayerKind,
    PayerTotals,
    PersonTotal,
    Settlement,
    SettlementRefused,
    Waiver,
    WaiverSubject,
)
from services.paa_billing.model.usage import (
    Exemption,
    FeeSchedule,
    NotPriced,
    Price,
    Usage,
    UsageKind,
    UsageLine,
)

__all__ = [
    "CourtTotal",
    "Exemption",
    "FeeSchedule",
    "NotPriced",
    "PayerKind",
    "PayerTotals",
    "PersonTotal",
    "Price",
    "Quarter",
    "Settlement",
    "SettlementRefused",
    "Usage",
    "UsageKind",
    "UsageLine",
    "Waiver",
    "WaiverSubject",
    "in_zone",
]
