"""An account: who somebody is and what state the account is in."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.messages.accounts import AccountChanged, ContactChanged, Generation, Kind, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. The `..._key` fields are what is compared; the others are shown as they were given.

    `version` rises with each change of what is announced. A legacy account has none of the personal data
    that an upgrade asks for. `legacy_user_name_key` stays for ever, so that a file loaded again finds it.
    `is_search_withheld`: PSC has switched search off, whatever becomes of the account.
    """

    id: UUID
    account_number: str
    version: int
    kind: Kind
    generation: Generation
    status: Status
    is_shared: bool
    user_name: str
    user_name_key: str
    legacy_user_name_key: str | None
    first_name: str
    last_name: str
    name_key: str
    email: str
    email_key: str
    is_email_verified: bool
    date_of_birth: date | None
    address: str
    city: str
    state: str
    postal_code: str
    county: str
    phone: str
    user_type: str
    is_search_active: bool
    has_second_factor: bool
    is_factor_announced: bool
    factor_skips_used: int
    created_at: datetime
    upgraded_at: datetime | None
    deactivated_at: datetime | None
    erased_at: datetime | None = None
    is_search_withheld: bool = False

    @property
    def full_name(self) -> str:
        """As it stands on a letter."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def own_texts(self) -> tuple[str, ...]:
        """What the account's password may hold no part of."""
        return self.first_name, self.last_name, self.user_name, self.email

    @property
    def is_upgraded(self) -> bool:
        """Is it an account of the present generation?"""
        return self.generation == "upgraded"

    @property
    def identity_keys(self) -> tuple[str, str]:
        """What another account is held against when it is verified: address, and name with date of birth."""
        birth = "" if self.date_of_birth is None else self.date_of_birth.isoformat()
        return (f"address {self.email_key}", f"name {self.name_key} {birth}")

    def changed(self) -> AccountChanged:
        """The public state, for other services' copies."""
        return AccountChanged(
            account_id=self.id,
            version=self.version,
            account_number=self.account_number,
            first_name=self.first_name,
            last_name=self.last_name,
            kind=self.kind,
            generation=self.generation,
            status=self.status,
            email_verified=self.is_email_verified,
            is_search_active=self.is_search_active,
            has_second_factor=self.has_second_factor,
        )

    def contact(self) -> ContactChanged:
        """Name and address, for mail."""
        return ContactChanged(
            account_id=self.id,
            version=self.version,
            name=self.full_name,
            email=self.email,
            is_verified=self.is_email_verified,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account shares with others, by the fields' names, and whether that holds it for review."""

    is_held: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """In what another account is equal to the one asked for."""

    is_name_equal: bool
    is_birth_equal: bool
    is_email_equal: bool

    @property
    def equal_fields(self) -> tuple[str, ...]:
        """The names of what is equal."""
        pairs = (
            ("name", self.is_name_equal),
            ("date_of_birth", self.is_birth_equal),
            ("email", self.is_email_equal),
        )
        return tuple(name for name, is_equal in pairs if is_equal)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeAccount(Likeness):
    """An account that is like another, and which it is."""

    of_account_id: UUID
    account_id: UUID
    account_number: str
