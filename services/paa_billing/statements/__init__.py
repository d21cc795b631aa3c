"""Statements: one canonical JSON a payer and quarter, its CSV and PDF, and their verification."""

from services.paa_billing.statements.document import (
    Adjustment,
    AdjustmentKind,
    Payer,
    PoliciesInForce,
    Statement,
    StatementDraft,
    StatementKind,
    canonical_json,
    digest_of,
    read_draft,
    read_statement,
)
from services.paa_billing.statements.draft import (
    AccountHolder,
    SettledQuarter,
    draft_statement,
    has_activity,
    issue_statement,
)
from services.paa_billing.statements.pdf import render_pdf
from services.paa_billing.statements.policies import policies_in_force, read_policies, write_policies
from services.paa_billing.statements.spreadsheet import render_csv
from services.paa_billing.statements.verify import Problem, verify

__all__ = [
    "AccountHolder",
    "Adjustment",
    "AdjustmentKind",
    "Payer",
    "PoliciesInForce",
    "Problem",
    "SettledQuarter",
    "Statement",
    "StatementDraft",
    "StatementKind",
    "canonical_json",
    "digest_of",
    "draft_statement",
    "has_activity",
    "issue_statement",
    "policies_in_force",
    "read_draft",
    "read_policies",
    "read_statement",
    "render_csv",
    "render_pdf",
    "verify",
    "write_policies",
]
