"""The second factor: offering an authenticator, and who must have one."""

import secrets
from datetime import datetime

from services.accounts.model import Account, Authenticator
from services.accounts.rules import access, second_factor, totp
from services.accounts.store import accounts, credentials, saving
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import AuthenticatorOffered, AuthenticatorRefused, EnrolAuthenticator
from shared.messages.base import NotAllowed
from shared.messages.linking import FilingAccountLinked, FilingAccountUnlinked
from shared.sealed import Sealed, to_be_sealed


async def enrol_authenticator(
    command: EnrolAuthenticator, work: Work
) -> AuthenticatorOffered | AuthenticatorRefused | NotAllowed:
    """Offer a secret; an offer made before and never confirmed is forgotten."""
    asker = await lock_asker(work)
    present = await credentials.list_authenticators(work.connection, asker.account.id)
    credential = await credentials.get_credential(work.connection, asker.account.id)
    refused = access.refuse_enrolment(
        asker.account, asker.session, credential, now=work.now, policies=work.resources.policies
    ) or second_factor.refuse_name(command.name, present)
    if refused is not None:
        return refused
    secret = secrets.token_bytes(totp.SECRET_BYTES)
    offered = _offer(command.name, secret, asker.account, work)
    await credentials.delete_offered_authenticator(work.connection, asker.account.id)
    await credentials.insert_authenticator(work.connection, offered)
    return AuthenticatorOffered(authenticator_id=offered.id, secret=_shown(secret, work.now))


async def remember_link(event: FilingAccountLinked, work: Work) -> None:
    """The account is a filer's, who must have a second factor; said once, before it is asked for."""
    await credentials.insert_filing_link(work.connection, event.link_id, event.account_id)
    account = await accounts.lock_account(work.connection, event.account_id)
    place = {"court_id": event.court_id, "role": event.role}
    await saving.record(work, account, "filing_account_linked", **place)
    duties = await credentials.get_duties(work.connection, account.id, work.now)
    after, announcement = second_factor.demand(account, work.resources.policies, duties)
    if announcement is not None:
        await saving.save_account(work, account, after)
        work.emit(announcement)


async def forget_link(event: FilingAccountUnlinked, work: Work) -> None:
    """A link has ended, by whom its holder sees; whoever has no other is no filer any more."""
    await credentials.end_filing_link(work.connection, event.link_id, event.account_id, event.unlinked_at)
    account = await accounts.lock_account(work.connection, event.account_id)
    place = {"court_id": event.court_id, "role": event.role}
    actor = str(event.actor_account_id or "")
    await saving.record(work, account, f"unlinked_by_{event.unlinked_by}", **place, actor_account_id=actor)


def _offer(name: str, secret: bytes, account: Account, work: Work) -> Authenticator:
    row_id = work.new_id()
    kept = totp.encrypt_secret(
        secret,
        key=work.resources.factor_key,
        nonce=secrets.token_bytes(totp.NONCE_BYTES),
        row_id=row_id,
        account_id=account.id,
    )
    return second_factor.offered(name, row_id, account.id, kept)


def _shown(secret: bytes, now: datetime) -> Sealed:
    expires_at = now + second_factor.OFFER_SHOWN_FOR
    return to_be_sealed(totp.as_base32(secret), reader="portal", expires_at=expires_at)
