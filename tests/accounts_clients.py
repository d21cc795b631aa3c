"""Programs that sign in for people, as tests drive them."""

from typing import Any
from uuid import uuid4

from shared.messages.accounts.clients import AuthenticateClient, ClientAuthenticated
from shared.messages.linking import FilingAccountLinked
from shared.messages.paa_billing import ClientCodeRuleChanged
from tests.builders_accounts import PASSWORD, Member, a_member, sealed
from tests.messaging import Workplace


async def authenticate(place: Workplace, login_id: str, password: str = PASSWORD, **given: Any) -> Any:
    """Ask as the HTTP edge does for a program; by default it says that filings are redacted."""
    otp_code = given.pop("otp_code", None)
    command = AuthenticateClient(
        login_id=login_id,
        password=sealed(place, password),
        otp_code=None if otp_code is None else sealed(place, otp_code),
        **{"redact_flag": "1", **given},
    )
    return await place.send(command)


async def let_in(place: Workplace, login_id: str, password: str = PASSWORD, **given: Any) -> tuple[str, str]:
    """What a program that is let in gets: the warning and the token."""
    outcome = await authenticate(place, login_id, password, **given)
    assert (type(outcome), outcome.login_result) == (ClientAuthenticated, "0")
    return outcome.error_description, place.open_reply(outcome, "token")


async def made_a_filer(place: Workplace, member: Member) -> None:
    linked = FilingAccountLinked(
        link_id=uuid4(),
        account_id=member.account_id,
        filing_account_id=uuid4(),
        court_id="ncwbk",
        role="attorney",
        linked_at=place.clock(),
    )
    await place.send(linked)


async def a_filer(place: Workplace) -> Member:
    member = await a_member(place)
    await made_a_filer(place, member)
    return member


async def asked_for_codes(place: Workplace, member: Member) -> None:
    rule = ClientCodeRuleChanged(
        payer_id=member.account_id, version=1, is_required=True, actor_account_id=member.account_id
    )
    await place.send(rule)
