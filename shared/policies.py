"""The policies of the installation: one TOML file, decoded strictly, the same for all services."""

import hashlib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from shared.errors import SettingsError

SHIPPED = Path(__file__).with_name("policies.toml")


class AccountPolicies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passwords, lockout, sessions; `password_max_age_days` 0 means never."""

    password_max_age_days: int
    password_classes: bool
    failures_until_locked: int
    failure_window_minutes: int
    lock_minutes: int
    session_idle_minutes: int
    session_absolute_hours: int
    sensitive_proof_minutes: int
    verification_days: int
    verification_pause_minutes: int
    recovery_minutes: int
    recovery_pause_minutes: int
    email_change_hours: int
    email_undo_days: int
    second_factor_skips: int
    factor_reset_hours: int
    network_failures: int
    sign_ins_a_minute: int
    export_days: int
    personal_token_days: int
    personal_tokens: int
    erasure_days: int


class LinkingPolicies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Links per court, proofs and their throttles, how many a roster may drop."""

    links_per_court: Literal["one_per_role", "one"]
    proof_minutes: int
    proof_level: Literal[1, 2]
    proof_failures_per_account: int
    proof_failures_per_login: int
    proof_failures_per_court: int
    proof_window_minutes: int
    roster_gone_percent: int
    linking_code_days: int
    link_attempt_days: int


class BillingPolicies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Invitations, what joining and leaving does, the waiver, when money is due."""

    invitation_days: int
    joining_level: Literal[1, 2]
    move_balance_on_join: bool
    search_after_leaving: bool
    waiver_schedule: Literal["quarter_end"]
    waiver_subject: Literal["payer", "person"]
    due_days: int
    show_search_terms: bool
    usage_ahead_minutes: int
    unknown_account_days: int


class NotifyPolicies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Retries of mail: `first_retry_seconds` x `retry_factor`^n, `attempts` at most."""

    first_retry_seconds: int
    retry_factor: float
    attempts: int


class Policies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is decided where no public rule is known."""

    business_zone: str
    accounts: AccountPolicies
    linking: LinkingPolicies
    billing: BillingPolicies
    notify: NotifyPolicies

    @property
    def zone(self) -> ZoneInfo:
        """The business zone, in which quarters begin and end."""
        return ZoneInfo(self.business_zone)


def read_policies(path: Path | None = None) -> Policies:
    """The policies in the file, or those shipped; an unknown, missing or wrong one is named."""
    try:
        return msgspec.toml.decode((path or SHIPPED).read_bytes(), type=Policies)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"policies: {error}") from error


def digest_of(policies: Policies) -> str:
    """Twelve hex digits that differ when any policy differs."""
    return hashlib.sha256(msgspec.json.encode(policies)).hexdigest()[:12]
