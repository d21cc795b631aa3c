"""People who have one of everything that a page names by an id, and all that is kept of them."""

from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.twofactor.totp import TOTP

from deploy.demo.desk import of_type, totp_of
from services.portal.web.cookies import SESSION
from shared.messages import accounts, linking
from tests.e2e.conftest import COURT, FILING_PASSWORD, Outside
from tests.e2e.plain_browser import PlainBrowser
from tests.installation import until
from tests.system.asking import PatientPerson

NAMING_ACCOUNTS = """
    SELECT DISTINCT table_name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'account_id' ORDER BY table_name
"""
ROWS = (
    "SELECT (to_jsonb(t) - 'last_used_at')::text AS kept FROM {table} AS t WHERE {column} = $1 ORDER BY kept"
)
OWN = {"accounts": [("accounts", "id")]}


@dataclass
class Owner:
    """Somebody with both factors, a link, a proof, another session, and an authenticator offered."""

    person: PatientPerson
    login: str
    ids: dict[str, str]
    secret: str
    offered: TOTP

    def named(self) -> dict[str, str]:
        """What forms say to name what is theirs, with the code that takes the authenticator into use."""
        code = self.offered.generate(int(self.person.desk.now().timestamp())).decode()
        return {**self.ids, "secret": self.secret, "code": code}

    def take_over(self, browser: PlainBrowser) -> PlainBrowser:
        """Go on there with the session in which all this was begun: a proof holds in that one alone."""
        browser.cookies[SESSION] = self.person._token
        return browser


async def an_owner(outside: Outside) -> Owner:
    """A new one."""
    person = await outside.somebody()
    await person.enrol()
    await person.sign_in()
    login, other_login = await outside.filing_account("attorney"), await outside.filing_account("trustee")
    proof_id = await _prove(outside, person, login)
    linked = await person.ask(linking.ConfirmLink(proof_id=proof_id), linking.FilingAccountLinked)
    factor = await person.ask(accounts.MySecondFactor(), accounts.SecondFactorShown)
    answer = await person.answer(accounts.EnrolAuthenticator(name="tablet"))
    offered = of_type(answer.message, accounts.AuthenticatorOffered)
    secret = outside.desk.portal.open(answer, "secret")
    shown = await person.ask(accounts.MySessions(), accounts.SessionsShown)
    ids = {
        "link_id": str(linked.link_id),
        "proof_id": str(await _prove(outside, person, other_login)),
        "authenticator_id": str(factor.authenticators[0].authenticator_id),
        "offered_id": str(offered.authenticator_id),
        "session_id": next(each.session_id for each in shown.sessions if not each.is_this_one),
    }
    return Owner(person=person, login=login, ids=ids, secret=secret, offered=totp_of(secret))


async def what_is_kept(outside: Outside, person: PatientPerson) -> dict[str, list[str]]:
    """All rows about a person, table by table, but for when a session was last used."""
    kept = {}
    for service in ("accounts", "linking"):
        naming = [row["table_name"] for row in await outside.system.rows(service, NAMING_ACCOUNTS)]
        for table, column in [*((name, "account_id") for name in naming), *OWN.get(service, ())]:
            rows = await outside.system.rows(service, ROWS.format(table=table, column=column), person.id)
            kept[f"{service}: {table}"] = [row["kept"] for row in rows]
    return kept


async def _prove(outside: Outside, person: PatientPerson, login: str) -> UUID:
    """The proof that a filing account is the person's, once `linking` knows the person."""

    async def prove() -> UUID | None:
        password = outside.desk.sealed(FILING_PASSWORD, "linking")
        command = linking.ProveFilingAccount(court_id=COURT, login=login, password=password)
        outcome = (await person.answer(command)).message
        return outcome.proof_id if isinstance(outcome, linking.FilingAccountProved) else None

    found: UUID = await until(prove, "linking knows the account")
    return found
