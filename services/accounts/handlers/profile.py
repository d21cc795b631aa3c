"""Changing one's own data and user name, and showing them to their holder."""

import json
from datetime import timedelta

from services.accounts.handlers.likenesses import look_again
from services.accounts.model import Account
from services.accounts.rules import access, profile
from services.accounts.store import accounts, saving, sessions, tokens, user_names
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    ChangeProfile,
    ChangeUserName,
    MyProfile,
    ProfileChanged,
    ProfileRefused,
    ProfileShown,
    ProfileUnchanged,
    UserNameChanged,
    UserNameRefused,
)
from shared.messages.base import NotAllowed
from shared.sealed import to_be_sealed

_SHOWN_FOR = timedelta(seconds=60)


async def change_profile(
    command: ChangeProfile, work: Work
) -> ProfileChanged | ProfileUnchanged | ProfileRefused | NotAllowed:
    """Keep what differs; a new name is held against others, as an account's first is."""
    unfit = profile.refuse_profile(command.profile)
    if unfit is not None:
        return unfit
    known = await accounts.get_account(work.connection, work.assertion.account_id)
    await saving.lock_identities(work.connection, profile.with_profile(known, command.profile).identity_keys)
    asker = await lock_asker(work)
    before = asker.account
    refused = access.refuse_asker(before, asker.session, work.now, work.resources.policies)
    if refused is not None:
        return refused
    given = profile.with_profile(before, command.profile)
    fields = profile.changed_fields(before, given)
    if not fields:
        return ProfileUnchanged()
    after, standing = await look_again(work, before, given)
    after = await saving.save_account(work, before, after)
    if after.full_name != before.full_name:
        work.emit(after.contact())
    await saving.record(work, after, "profile_changed", fields=" ".join(fields))
    return ProfileChanged(account_id=after.id, fields=fields, warnings=standing.warnings)


async def change_user_name(
    command: ChangeUserName, work: Work
) -> UserNameChanged | UserNameRefused | NotAllowed:
    """Sign in under another name; whoever else is signed in has to prove anew who they are."""
    unfit = profile.refuse_user_name(command.user_name)
    if unfit is not None:
        return unfit
    key = command.user_name.lower()
    await saving.lock_identities(work.connection, (f"user name {key}",))
    asker = await lock_asker(work)
    before, session = asker.account, asker.session
    refused = access.refuse_asker(before, session, work.now, work.resources.policies)
    if refused is not None or session is None:
        return refused or NotAllowed(reason="assertion_invalid")
    owner_id = await user_names.find_owner(work.connection, key)
    not_free = profile.refuse_renaming(before, command.user_name, owner_id)
    if not_free is not None:
        return not_free
    if key != before.user_name_key:
        await user_names.insert_former(work.connection, before.user_name_key, before.id, work.now)
    after = await saving.save_account(work, before, profile.renamed(before, command.user_name))
    await sessions.end_other_sessions(
        work.connection, after.id, session.token_hash, at=work.now, ended_by="user_name"
    )
    await tokens.close_tokens(work.connection, after.id, {"email_change"}, work.now)
    await saving.record(work, after, "user_name_changed")
    return UserNameChanged(account_id=after.id)


async def my_profile(query: MyProfile, work: Work) -> ProfileShown | NotAllowed:
    """The asker's own data as it is now, sealed for the portal."""
    account = await accounts.get_account(work.connection, work.assertion.account_id)
    refused = access.refuse_reader(await is_reader_restricted(work), account)
    if refused is not None:
        return refused
    shown = to_be_sealed(_as_json(account), reader="portal", expires_at=work.now + _SHOWN_FOR)
    return ProfileShown(profile=shown)


def _as_json(account: Account) -> str:
    shown = {field: getattr(account, field) for field in profile.FIELDS}
    birth = account.date_of_birth
    return json.dumps({**shown, "date_of_birth": None if birth is None else birth.isoformat()})
