"""Whom a reader can sign in as once the demonstration is over: three people, and what each signs in with."""

from typing import Any

import msgspec

from deploy.demo import cast
from deploy.demo.desk import DemoError, Person, of_type, totp_of
from deploy.demo.stage import Stage
from deploy.tool import stories
from shared.messages import accounts

SHOWN = (
    (cast.SEARCHER, "searches only, without a second factor"),
    (cast.ATTORNEY, "files at a court, and a firm pays for her"),
    (cast.BLUE_RIDGE, "administers that firm's account"),
)
"""The first has no second factor; the others have one, as who files and who administers a firm must."""


async def three(stage: Stage) -> list[dict[str, Any]]:
    """The three, each signed in just now; the backup codes are fresh ones, of which each serves once."""
    return [
        {
            "name": person.name,
            "who": who,
            "username": person.user_name,
            "password": person.password,
            "backup_codes": await _backup_codes(person) if person.has_authenticator else [],
        }
        for person, who in ((stage.of(role), who) for role, who in SHOWN)
    ]


def passcode(key: str, *, story: int | None = None) -> None:
    """Print what an authenticator shows now, by the clock of a story, which isn't a telephone's.

    `key` is the one that the page shows on which it is added; without `--story`, the newest is meant.
    """
    try:
        authenticator = totp_of(key)
    except ValueError:
        raise DemoError("the key is what the page shows: letters and the digits 2 to 7") from None
    now = stories.load(story).clock()
    print(authenticator.generate(int(now.timestamp())).decode())


def show(result: dict[str, Any]) -> None:
    """Print them, and a filing account that nobody has linked."""
    print(f"\nSign in at {result['portal_url']} as")
    for each in result["sign_ins"]:
        print(f"  {each['name']:<18}{each['who']}")
        print(f"    user name {each['username']}   password {each['password']}")
        if each["backup_codes"]:
            print(f"    passcodes, each for one sign-in or proof: {' '.join(each['backup_codes'])}")
    free = result["filing_account_to_link"]
    print(
        f"  or register, and link at court {free['court_id']} login {free['login']} {free['password']};"
        "\n    what an authenticator added there shows: .venv/bin/nextgen passcode <the key on the page>"
    )


async def _backup_codes(person: Person) -> list[str]:
    answer = await person.answer(accounts.MakeBackupCodes())
    of_type(answer.message, accounts.BackupCodesMade)
    return msgspec.json.decode(person.desk.portal.open(answer, "codes"), type=list[str])
