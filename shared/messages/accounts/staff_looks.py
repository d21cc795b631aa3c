"""What PSC staff see of somebody's account; its holder sees in the history who looked."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.accounts.history import ActShown, Sequence
from shared.messages.accounts.roles import RoleShown
from shared.messages.accounts.values import Generation, Kind, PageSize, Status
from shared.messages.base import FILLED, AccountNumber, Command, Reply, ShortText


class AccountSummary(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an account as a caller is helped with; of the address its first letter and its domain.

    `locked_until`: no sign-in before, after too many failures.
    """

    account_id: UUID
    account_number: AccountNumber
    user_name: str
    first_name: str
    last_name: str
    masked_email: str
    kind: Kind
    generation: Generation
    status: Status
    is_shared: bool
    email_verified: bool
    is_search_active: bool
    has_second_factor: bool
    locked_until: datetime | None = None


class LikeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Another account that is equal in at least two of name, date of birth and e-mail address."""

    account_id: UUID
    account_number: AccountNumber
    equal_fields: tuple[str, ...]


class FindAccounts(Command, frozen=True, kw_only=True, tag="accounts.find_accounts.v1"):
    """The accounts of a number, a user name, an e-mail address or a last name (PSC; a check).

    One of the four is given; a first name goes with the last name. For the next page ask with `after` the
    last account's id while `has_more`.
    """

    is_sensitive: ClassVar[bool] = True
    account_number: AccountNumber | None = None
    user_name: ShortText | None = None
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=FILLED)] | None = None
    last_name: ShortText | None = None
    first_name: ShortText | None = None
    after: UUID | None = None
    limit: PageSize = 20


class AccountsFound(Reply, frozen=True, kw_only=True, tag="accounts.accounts_found.v1"):
    """A page of what was found."""

    accounts: tuple[AccountSummary, ...]
    has_more: bool


class LookRefused(Reply, frozen=True, kw_only=True, tag="accounts.look_refused.v1"):
    """Nothing is shown: not exactly one thing to look for was given, or there is no such account."""

    reason: Literal["not_one_thing", "account_not_found"]


class ShowAccountToStaff(Command, frozen=True, kw_only=True, tag="accounts.show_account_to_staff.v1"):
    """One account with its roles, what it is like, and a page of its history, newest first (PSC; a check)."""

    is_sensitive: ClassVar[bool] = True
    account_id: UUID
    before: Sequence | None = None
    limit: PageSize = 50


class AccountShownToStaff(Reply, frozen=True, kw_only=True, tag="accounts.account_shown_to_staff.v1"):
    """One account; `factor_reset_at`: its second factor will be removed then, unless that is stopped."""

    account: AccountSummary
    created_at: datetime
    upgraded_at: datetime | None = None
    deactivated_at: datetime | None = None
    factor_reset_at: datetime | None = None
    roles: tuple[RoleShown, ...] = ()
    like: tuple[LikeAccount, ...] = ()
    acts: tuple[ActShown, ...]
    has_more: bool


class HeldAccounts(Command, frozen=True, kw_only=True, tag="accounts.held_accounts.v1"):
    """The accounts that wait for PSC's review, the oldest first, with those that each is like (a check).

    For the next page ask with `after` the last account's id while `has_more`.
    """

    is_sensitive: ClassVar[bool] = True
    after: UUID | None = None
    limit: PageSize = 20


class HeldAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that waits for its review."""

    account: AccountSummary
    like: tuple[LikeAccount, ...] = ()


class HeldAccountsShown(Reply, frozen=True, kw_only=True, tag="accounts.held_accounts_shown.v1"):
    """A page of the accounts that wait for their review."""

    accounts: tuple[HeldAccount, ...]
    has_more: bool
