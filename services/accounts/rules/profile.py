"""Changing one's own data: what may be kept, and what becomes of the account."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.accounts.model import Account, Standing
from services.accounts.rules import texts
from shared.messages.accounts import Profile, ProfileRefused, UserNameRefused

FIELDS: Final = Profile.__struct_fields__


def refuse_profile(profile: Profile) -> ProfileRefused | None:
    """What must be mended before this can be kept, or None: judged as at registration."""
    unclean = texts.first_unclean((field, getattr(profile, field)) for field in FIELDS)
    return None if unclean is None else ProfileRefused(reason="text_not_allowed", field=f"profile.{unclean}")


def with_profile(account: Account, profile: Profile) -> Account:
    """The account with this profile; the date of birth stays for ever."""
    given: dict[str, Any] = {field: getattr(profile, field).strip() for field in FIELDS}
    return replace(account, **given, name_key=texts.name_key(profile.first_name, profile.last_name))


def changed_fields(before: Account, after: Account) -> tuple[str, ...]:
    """The fields of the profile that differ, by name."""
    return tuple(field for field in FIELDS if getattr(before, field) != getattr(after, field))


def looked_at_again(account: Account, standing: Standing, *, has_links: bool) -> Account:
    """The account after a change of what it is held against others by: held, where all three are equal now.

    Otherwise two would have the same name, date of birth and address by giving another one first. A linked
    filer is only warned: a hold would end the filing, in the middle of a case.
    """
    if account.status != "active" or has_links or not standing.is_held:
        return account
    return replace(account, status="held_for_review", is_search_active=False)


def refuse_user_name(user_name: str) -> UserNameRefused | None:
    """Why nobody can have this user name, or None: judged as at registration."""
    if texts.user_name_key(user_name) is None or len(user_name) not in texts.USER_NAME_LENGTHS:
        return UserNameRefused(reason="user_name_not_allowed")
    return None


def refuse_renaming(account: Account, user_name: str, owner_id: UUID | None) -> UserNameRefused | None:
    """Why this account can't have it, or None; its owner has it now, or had it once."""
    if user_name == account.user_name:
        return UserNameRefused(reason="user_name_not_new")
    is_free = owner_id in (None, account.id)
    return None if is_free else UserNameRefused(reason="user_name_taken")


def renamed(account: Account, user_name: str) -> Account:
    """The account under another user name."""
    return replace(account, user_name=user_name, user_name_key=user_name.lower())
