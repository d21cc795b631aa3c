"""What an account is: for its holder, and for the copies that other services keep."""

from uuid import UUID

from shared.messages.accounts.values import EmailAddress, Generation, Kind, Status, UserName
from shared.messages.base import AccountNumber, Event, Query, Reply


class MyAccount(Query, frozen=True, kw_only=True, tag="accounts.my_account.v1"):
    """My own account as `accounts` keeps it."""


class AccountShown(Reply, frozen=True, kw_only=True, tag="accounts.account_shown.v1"):
    """An account's public state, for its holder, and the names of its authenticators."""

    account_id: UUID
    account_number: AccountNumber
    user_name: UserName
    kind: Kind
    generation: Generation
    status: Status
    email_verified: bool
    has_second_factor: bool
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    is_shared: bool = False
    is_search_active: bool = False
    authenticators: tuple[str, ...] = ()


class AccountChanged(Event, frozen=True, kw_only=True, tag="accounts.account_changed.v1"):
    """The whole public state of an account; a copy applies only a higher version."""

    account_id: UUID
    version: int
    account_number: AccountNumber
    first_name: str
    last_name: str
    kind: Kind
    generation: Generation
    status: Status
    email_verified: bool
    is_search_active: bool
    has_second_factor: bool


class ContactChanged(Event, frozen=True, kw_only=True, tag="accounts.contact_changed.v1"):
    """Name and e-mail address for mail, for `notify` alone; a copy applies only a higher version.

    The address is verified. Only that of a legacy account, as it was taken over, is not, and says so: it
    gets mail that is mandatory, since bills must reach whoever owes them.
    """

    account_id: UUID
    version: int
    name: str
    email: EmailAddress
    is_verified: bool = True


class AccountErased(Event, frozen=True, kw_only=True, tag="accounts.account_erased.v1"):
    """Everything kept about this account is to be blanked, but what is under hold."""

    account_id: UUID
