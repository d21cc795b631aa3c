"""What the tests of linking codes, requests, attempts and conflicts share."""

from datetime import timedelta
from typing import Any

from shared.assertion import Assertion
from shared.messages.linking.codes import IssueLinkingCode, LinkingCodeMade, ProveByLinkingCode
from shared.messages.linking.requests import (
    AcceptFilingRequest,
    AskFilingPrivileges,
    FilingRequestMade,
    MyFilingRequests,
    RefuseFilingRequest,
)
from shared.messages.linking.staff import StaffUsedData
from shared.sealed import to_be_sealed
from tests.integration.linking_builders import COURT, account_changed, somebody, staff
from tests.messaging import Workplace


async def a_person(place: Workplace, **state: Any) -> Assertion:
    """Somebody whose account the court's copy knows; name what differs in it."""
    who = somebody(place)
    await place.send(account_changed(who.account_id, **state))
    return who


async def a_code(place: Workplace, *, login: str = "jpublic", court_id: str = COURT) -> str:
    """A linking code that staff give in person."""
    made = await place.send(
        IssueLinkingCode(court_id=court_id, login=login, way="in_person"), by=staff(place, court_id)
    )
    assert isinstance(made, LinkingCodeMade), made
    return place.open_reply(made, "code")


async def prove_by_code(
    place: Workplace, who: Assertion, code: str, *, court_id: str = COURT, **how: Any
) -> Any:
    """Ask for a proof with a code and answer what comes."""
    sealed = to_be_sealed(code, reader="linking", expires_at=place.clock() + timedelta(minutes=1))
    return await place.send(ProveByLinkingCode(court_id=court_id, code=sealed), by=who, **how)


async def asked(place: Workplace, who: Assertion, **changes: Any) -> FilingRequestMade:
    """A filing request for the role of an attorney."""
    usual: dict[str, Any] = {"court_id": COURT, "role": "attorney", "remark": "Bar no. 4711"}
    made = await place.send(AskFilingPrivileges(**{**usual, **changes}), by=who)
    assert isinstance(made, FilingRequestMade), made
    return made


async def uses_told(place: Workplace, used_for: str) -> list[StaffUsedData]:
    """What was told for people's histories of one kind of use."""
    return [use for use in await place.emitted(StaffUsedData) if use.used_for == used_for]


async def accept(place: Workplace, request_id: Any, *, login: str = "jnew", by: Any = None) -> Any:
    """Accept a request as the court's staff, and answer what comes."""
    return await place.send(AcceptFilingRequest(request_id=request_id, login=login), by=by or staff(place))


async def refuse(place: Workplace, request_id: Any, reason: str = "not admitted", *, by: Any = None) -> Any:
    """Refuse a request as the court's staff, and answer what comes."""
    return await place.send(RefuseFilingRequest(request_id=request_id, reason=reason), by=by or staff(place))


async def mine(place: Workplace, who: Any) -> Any:
    """Somebody's own requests."""
    return (await place.send(MyFilingRequests(), by=who)).requests


async def ask_code(place: Workplace, *, by: Any = None, **changes: Any) -> Any:
    """Ask for a linking code as the court's staff, and answer what comes."""
    usual: dict[str, Any] = {"court_id": COURT, "login": "jpublic", "way": "mailed"}
    return await place.send(IssueLinkingCode(**{**usual, **changes}), by=by or staff(place))
