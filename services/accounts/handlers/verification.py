"""Proving an e-mail address."""

from services.accounts.model import Account, Standing
from services.accounts.rules import registration, second_factor, texts
from services.accounts.store import accounts, credentials, saving, verifications
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    AskVerificationAgain,
    EmailVerified,
    TokenRefused,
    VerificationAskedAgain,
    VerifyEmail,
)


async def verify_email(command: VerifyEmail, work: Work) -> EmailVerified | TokenRefused:
    """Close the token and let the account work, or hold it for review if it is like another.

    The account is held meanwhile, so that a token is used once.
    """
    token_hash = saving.hash_token(work.open(command, "token"))
    owner_id = await verifications.find_owner(work.connection, token_hash)
    if owner_id is None:
        return TokenRefused()
    account = await saving.lock_identified(work, owner_id)
    present = await verifications.find_open_verification(work.connection, account.id)
    if not registration.is_usable(present, account, token_hash, work.now):
        return TokenRefused()
    standing = registration.standing(await accounts.list_likenesses(work.connection, account))
    after = await _let_work(work, account, standing)
    return EmailVerified(account_id=after.id, status=after.status, warnings=standing.warnings)


async def ask_verification_again(command: AskVerificationAgain, work: Work) -> VerificationAskedAgain:
    """Mail again, after a pause, if the account waits for it; the answer tells nothing."""
    key = texts.user_name_key(command.user_name)
    account_id = await accounts.find_id_by_user_name(work.connection, key) if key else None
    if account_id is not None:
        account = await accounts.lock_account(work.connection, account_id)
        last = await verifications.find_open_verification(work.connection, account_id)
        if registration.may_mail_again(last, work.now, work.resources.policies):
            await saving.ask_verification(work, account)
    return VerificationAskedAgain()


async def _let_work(work: Work, account: Account, standing: Standing) -> Account:
    await verifications.close_verifications(work.connection, account.id, work.now)
    duties = await credentials.get_duties(work.connection, account.id, work.now)
    after, announcement = second_factor.demand(
        registration.verified(account, standing), work.resources.policies, duties
    )
    after = await saving.save_account(work, account, after)
    work.emit(after.contact())
    work.emit(registration.outcome_of_verification(after, standing))
    if announcement is not None:
        work.emit(announcement)
    await saving.record(work, after, "email_verified")
    if after.status == "held_for_review":
        await saving.record(work, after, "held_for_review")
    return after
