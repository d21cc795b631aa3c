"""Who plays in the demonstration: people, firms' administrators and court staff, with their data."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import date

from deploy.demo.desk import Desk, Person
from shared.messages import accounts
from shared.messages.linking import LoadRoster, RosterRow

ROSTER_COURT = "ncwbk"
COURT_EMAIL = "nextgen-desk@ncwb.example"
HELP_DESK = "(704) 350-7500"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A part in the story, before it has an account."""

    first_name: str
    last_name: str
    user_name: str
    user_type: str

    @property
    def email(self) -> str:
        """Where this part gets mail."""
        return f"{self.user_name}@mail.example"


ATTORNEY = Role(
    first_name="Ada", last_name="Whitfield", user_name="ada.whitfield.esq", user_type="attorney filer"
)
LEGACY_USER_NAME = "aw4711"
PARTNER = Role(first_name="Ben", last_name="Okafor", user_name="ben.okafor.law", user_type="attorney filer")
PARALEGAL = Role(
    first_name="Cleo", last_name="Marchetti", user_name="cleo.marchetti", user_type="case search only"
)
MOVER = Role(first_name="Dan", last_name="Yoshida", user_name="dan.yoshida.nc", user_type="attorney filer")
SEARCHER = Role(
    first_name="Erin", last_name="Kowalczyk", user_name="erin.kowalczyk", user_type="case search only"
)
BLUE_RIDGE = Role(
    first_name="Fay", last_name="Lindqvist", user_name="blue.ridge.billing", user_type="group billing"
)
CATAWBA = Role(
    first_name="Gus", last_name="Delacroix", user_name="catawba.billing", user_type="group billing"
)
CATAWBA_LEGACY_USER_NAME = "cb0815"
CLERK = Role(first_name="Hal", last_name="Brannigan", user_name="hal.brannigan.ncwb", user_type="court staff")
CENTER = Role(first_name="Ivy", last_name="Sorensen", user_name="ivy.sorensen.psc", user_type="PSC staff")
MEMBERS = (ATTORNEY, PARTNER, PARALEGAL, MOVER)

FREE_LOGIN = "trustee9"
"""A filing account that nobody links in the story."""
FILING_PASSWORDS = {
    "awhitfield": "old-court-word-1",
    "bokafor": "old-court-word-2",
    FREE_LOGIN: "old-court-word-3",
}


def person_of(role: Role) -> accounts.Person:
    """The data that a part gives at registration or upgrade."""
    return accounts.Person(
        first_name=role.first_name,
        last_name=role.last_name,
        date_of_birth=date(1970 + len(role.first_name), 1 + len(role.last_name) % 12, 17),
        email=role.email,
        address=f"{100 + len(role.user_name)} West Trade Street",
        city="Charlotte",
        state="NC",
        postal_code="28202",
        county="Mecklenburg",
        phone="+1 704 555 0100",
        user_type=role.user_type,
    )


def player(desk: Desk, role: Role, *, user_name: str | None = None) -> Person:
    """The holder of an account, with a fresh password from signs that are in nobody's name."""
    password = "".join(secrets.choice("QXZ#%+23456789") for _ in range(20))
    return Person(
        desk=desk,
        name=f"{role.first_name} {role.last_name}",
        user_name=user_name or role.user_name,
        password=password,
        email=role.email,
    )


def legacy_accounts(desk: Desk, attorney: Person, catawba: Person) -> accounts.LoadLegacyAccounts:
    """Two accounts from before 2014-08-11: a person's, and a firm's administrator's."""
    rows = (
        accounts.LegacyAccount(
            user_name=attorney.user_name,
            kind="individual",
            first_name=ATTORNEY.first_name,
            last_name=ATTORNEY.last_name,
            email=ATTORNEY.email,
        ),
        accounts.LegacyAccount(
            user_name=catawba.user_name,
            kind="paa",
            first_name=CATAWBA.first_name,
            last_name=CATAWBA.last_name,
            email=CATAWBA.email,
        ),
    )
    verifiers = [fast_verifier(person.password) for person in (attorney, catawba)]
    return accounts.LoadLegacyAccounts(
        accounts=rows, verifiers=desk.sealed(json.dumps(verifiers), "accounts")
    )


def roster(desk: Desk) -> LoadRoster:
    """The court's filing accounts; the last row has a role that does not exist."""
    logins = (
        ("awhitfield", "Ada Whitfield", ATTORNEY.email, "attorney", FILING_PASSWORDS["awhitfield"]),
        ("bokafor", "Benjamin Okafor", PARTNER.email, "attorney", FILING_PASSWORDS["bokafor"]),
        (FREE_LOGIN, "Quentin Vale", "quentin.vale@mail.example", "trustee", FILING_PASSWORDS[FREE_LOGIN]),
        ("nobody", "Nobody", "nobody@mail.example", "wizard", "old-court-word-4"),
    )
    rows = tuple(
        RosterRow(line=line, login=login, name=name, email=email, role=role)
        for line, (login, name, email, role, _) in enumerate(logins, start=2)
    )
    verifiers = [fast_verifier(password) for *_, password in logins]
    return LoadRoster(
        court_id=ROSTER_COURT, rows=rows, verifiers=desk.sealed(json.dumps(verifiers), "linking")
    )


def fast_verifier(password: str) -> str:
    """How an old system kept a password: SHA-256 without a salt."""
    return "sha256$" + hashlib.sha256(password.encode()).hexdigest()
