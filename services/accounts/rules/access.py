"""Who may do what: signing in, the second factor, sensitive acts, roles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.accounts.model import Account, Credential, InForce, RoleGrant, Session
from shared.assertion import Assertion
from shared.messages.accounts import ResolveSession
from shared.messages.base import NotAllowed
from shared.policies import AccountPolicies

ASSERTION_SECONDS = 60
_OPEN_STATUSES = ("active", "held_for_review")


def may_sign_in(account: Account) -> bool:
    """Is the account one that signs in: verified or taken over, not shared, not given up?"""
    is_proved = account.is_email_verified or not account.is_upgraded
    return is_proved and account.status in _OPEN_STATUSES and not account.is_shared


def is_password_too_old(credential: Credential, now: datetime, policies: AccountPolicies) -> bool:
    """Has the password to be changed, where the policy sets it an age?"""
    days = policies.password_max_age_days
    return days > 0 and now - credential.changed_at >= timedelta(days=days)


def refuse_asker(
    account: Account,
    session: Session | None,
    now: datetime,
    policies: AccountPolicies,
    *,
    serves_restricted: bool = False,
) -> NotAllowed | None:
    """Why this account may not do a sensitive act in this session, or None."""
    if not account.is_upgraded:
        return NotAllowed(reason="upgrade_first")
    return _refuse_proof(account, session, now, policies, serves_restricted=serves_restricted)


def refuse_enrolment(
    account: Account,
    session: Session | None,
    credential: Credential,
    *,
    now: datetime,
    policies: AccountPolicies,
) -> NotAllowed | None:
    """The same for taking an authenticator into use, which a restricted session may be for.

    Not one whose password is too old: first that is changed, which proves anew who enrols.
    """
    is_for_this = not is_password_too_old(credential, now, policies)
    return refuse_asker(account, session, now, policies, serves_restricted=is_for_this)


def refuse_upgrade_act(
    account: Account, session: Session | None, now: datetime, policies: AccountPolicies
) -> NotAllowed | None:
    """The same for upgrading: a legacy account's only way to a new password, in a restricted session too."""
    return _refuse_proof(account, session, now, policies, serves_restricted=True)


def refuse_session(
    account: Account, session: Session | None, *, serves_restricted: bool = False
) -> NotAllowed | None:
    """Why nothing is done for this account in this session, or None.

    `serves_restricted`: is it something that a restricted session is there for?
    """
    refused = _refuse_use(account, session, serves_restricted=serves_restricted)
    if refused is not None or session is None:
        return refused
    if account.has_second_factor and session.level < 2:
        return NotAllowed(reason="session_level_too_low")
    return None


def refuse_reader(is_restricted: bool | None, account: Account | None = None) -> NotAllowed | None:
    """Why a question isn't answered in this session, or None; `is_restricted` is None where it has ended.

    The `account` is given where only an upgraded one has what is asked for.
    """
    if is_restricted is None:
        return NotAllowed(reason="assertion_invalid")
    if is_restricted:
        return NotAllowed(reason="session_restricted")
    if account is not None and not account.is_upgraded:
        return NotAllowed(reason="upgrade_first")
    return None


def refuse_proving_again(account: Account, session: Session | None) -> NotAllowed | None:
    """Why nobody can prove anew in this session who they are, or None; the level is what this may raise."""
    return _refuse_use(account, session, serves_restricted=False)


def refuse_password_change(account: Account, session: Session | None) -> NotAllowed | None:
    """Why the password can't be changed in this session, or None; the present one is the fresh proof."""
    if not account.is_upgraded:
        return NotAllowed(reason="upgrade_first")
    return refuse_session(account, session, serves_restricted=True)


def refuse_psc(
    account: Account,
    session: Session | None,
    grants: Sequence[RoleGrant],
    *,
    now: datetime,
    policies: AccountPolicies,
) -> NotAllowed | None:
    """Why this asker may not act as PSC staff in this session, or None; `grants` are those in force."""
    refused = refuse_asker(account, session, now, policies)
    if refused is not None or session is None:
        return refused
    if session.level < 2:
        return NotAllowed(reason="session_level_too_low")
    is_psc = any(role.role == "psc" for role in carried_roles(account, session, grants))
    return None if is_psc else NotAllowed(reason="role_missing")


def carried_roles(account: Account, session: Session, grants: Sequence[RoleGrant]) -> tuple[RoleGrant, ...]:
    """Those of the grants in force that count: none without both factors, or once the account is given up."""
    is_whole = account.status == "active" and account.has_second_factor and session.level == 2
    return tuple(grants) if is_whole else ()


def in_force(now: datetime, policies: AccountPolicies) -> InForce:
    """Which sessions can be used now."""
    return InForce(
        used_after=now - timedelta(minutes=policies.session_idle_minutes),
        opened_after=now - timedelta(hours=policies.session_absolute_hours),
    )


def opened_session(
    account: Account, token_hash: bytes, *, now: datetime, network: str, is_restricted: bool
) -> Session:
    """The session of somebody who has just proved who they are, by all that the account asks for."""
    return Session(
        token_hash=token_hash,
        account_id=account.id,
        level=2 if account.has_second_factor else 1,
        proved_at=now,
        opened_at=now,
        last_used_at=now,
        is_restricted=is_restricted,
        network=network,
    )


def proved_again(account: Account, session: Session, now: datetime) -> Session:
    """The session once its holder has proved anew who they are, by all that the account asks for."""
    return replace(session, level=2 if account.has_second_factor else 1, proved_at=now)


def serves(account: Account, session: Session, audience: str) -> bool:
    """May this session speak to that service?"""
    return account.status in _OPEN_STATUSES and (not session.is_restricted or audience == "accounts")


def assert_for(
    account: Account,
    session: Session,
    grants: Sequence[RoleGrant],
    *,
    query: ResolveSession,
    now: datetime,
    policies: AccountPolicies,
) -> Assertion:
    """What is signed about who asks, for one service or one message to it.

    Never beyond the session's end, nor that of a role in it.
    """
    carried = carried_roles(account, session, grants)
    ends_at = session.opened_at + timedelta(hours=policies.session_absolute_hours)
    role_ends = [grant.ends_at for grant in carried if grant.ends_at is not None]
    return asserted(account, session, query=query, now=now, ends_at=min([ends_at, *role_ends]), roles=carried)


def asserted(
    account: Account,
    session: Session,
    *,
    query: ResolveSession,
    now: datetime,
    ends_at: datetime,
    roles: Sequence[RoleGrant] = (),
    scopes: tuple[str, ...] | None = None,
) -> Assertion:
    """An assertion of what is known now; good for a minute, but never beyond an end."""
    return Assertion(
        audience=query.audience,
        account_id=account.id,
        account_number=account.account_number,
        kind=account.kind,
        generation=account.generation,
        status=account.status,
        email_verified=account.is_email_verified,
        account_version=account.version,
        session_id_hash=session.token_hash.hex(),
        level=session.level,
        proved_at=session.proved_at,
        issued_at=now,
        expires_at=min(now + timedelta(seconds=ASSERTION_SECONDS), ends_at),
        roles=tuple(grant.asserted for grant in roles),
        for_message_id=query.for_message_id,
        for_message_name=query.for_message_name,
        scopes=scopes,
    )


def _refuse_use(account: Account, session: Session | None, *, serves_restricted: bool) -> NotAllowed | None:
    if session is None or account.status not in _OPEN_STATUSES:
        return NotAllowed(reason="assertion_invalid")
    if session.is_restricted and not serves_restricted:
        return NotAllowed(reason="session_restricted")
    return None


def is_proof_fresh(session: Session, now: datetime, policies: AccountPolicies) -> bool:
    """Has its holder proved who they are recently enough for a sensitive act?"""
    return now - session.proved_at <= timedelta(minutes=policies.sensitive_proof_minutes)


def _refuse_proof(
    account: Account,
    session: Session | None,
    now: datetime,
    policies: AccountPolicies,
    *,
    serves_restricted: bool,
) -> NotAllowed | None:
    refused = refuse_session(account, session, serves_restricted=serves_restricted)
    if refused is not None or session is None:
        return refused
    return None if is_proof_fresh(session, now, policies) else NotAllowed(reason="proof_too_old")
