"""A person's own tokens for programs: making, listing and ending them."""

import secrets

from services.accounts.rules import access
from services.accounts.rules import personal_tokens as rules
from services.accounts.rules.second_factor import OFFER_SHOWN_FOR
from services.accounts.store import accounts, personal_tokens, saving
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts.personal_tokens import (
    EndPersonalToken,
    MakePersonalToken,
    MyPersonalTokens,
    NoSuchPersonalToken,
    PersonalTokenAdded,
    PersonalTokenEnded,
    PersonalTokenMade,
    PersonalTokenRefused,
    PersonalTokenShown,
    PersonalTokensShown,
)
from shared.messages.base import NotAllowed
from shared.sealed import to_be_sealed

TOKEN_BYTES = 32


async def make_personal_token(
    command: MakePersonalToken, work: Work
) -> PersonalTokenMade | PersonalTokenRefused | NotAllowed:
    """Show a new token once, and tell its holder that there is one."""
    asker = await lock_asker(work)
    policies = work.resources.policies
    present = await personal_tokens.list_tokens(work.connection, asker.account.id, work.now)
    refused = access.refuse_asker(asker.account, asker.session, work.now, policies) or rules.refuse_making(
        command, present, policies
    )
    if refused is not None or asker.session is None:
        return refused or NotAllowed(reason="assertion_invalid")
    token = rules.PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    made = rules.made(
        command, asker.session, token_id=work.new_id(), token_hash=saving.hash_token(token), now=work.now
    )
    await personal_tokens.insert_token(work.connection, made)
    await saving.record(work, asker.account, "personal_token_made", token_id=str(made.id), name=made.name)
    work.emit(
        PersonalTokenAdded(
            account_id=made.account_id,
            token_id=made.id,
            name=made.name,
            scopes=made.scopes,
            expires_at=made.expires_at,
        )
    )
    shown = to_be_sealed(token, reader="portal", expires_at=work.now + OFFER_SHOWN_FOR)
    return PersonalTokenMade(token_id=made.id, expires_at=made.expires_at, token=shown)


async def my_personal_tokens(query: MyPersonalTokens, work: Work) -> PersonalTokensShown | NotAllowed:
    """The asker's tokens that work."""
    account = await accounts.get_account(work.connection, work.assertion.account_id)
    refused = access.refuse_reader(await is_reader_restricted(work), account)
    if refused is not None:
        return refused
    found = await personal_tokens.list_tokens(work.connection, account.id, work.now)
    return PersonalTokensShown(
        tokens=tuple(
            PersonalTokenShown(
                token_id=token.id,
                name=token.name,
                scopes=token.scopes,
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
            )
            for token in found
        )
    )


async def end_personal_token(
    command: EndPersonalToken, work: Work
) -> PersonalTokenEnded | NoSuchPersonalToken | NotAllowed:
    """End one of the asker's tokens; of somebody else's the answer is that of an unknown one."""
    asker = await lock_asker(work)
    if not asker.account.is_upgraded:
        return NotAllowed(reason="upgrade_first")
    refused = access.refuse_session(asker.account, asker.session)
    if refused is not None:
        return refused
    if not await personal_tokens.end_token(work.connection, asker.account.id, command.token_id, work.now):
        return NoSuchPersonalToken()
    await saving.record(work, asker.account, "personal_token_ended", token_id=str(command.token_id))
    return PersonalTokenEnded(token_id=command.token_id)
