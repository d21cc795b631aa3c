"""What a court is told of who issued or ended a credential of its machine."""

import pytest

from services.notify.rules.court_credentials import credential_changed
from shared.messages.accounts.court_credentials import CourtCredentialChanged
from tests.unit.letters import PERSON, a_directory
from tests.unit.letters_of_courts import CREDENTIAL

OF_THE_COURT = "a member of the court's staff"
OF_EITHER = "a member of the staff of the court or of the PACER Service Center"


@pytest.mark.parametrize(
    ("change", "actor", "named"),
    [
        ("issued", None, "the operator"),
        ("issued", PERSON, OF_THE_COURT),
        ("ended", None, "the operator"),
        ("ended", PERSON, OF_EITHER),
    ],
)
def test_the_letter_names_everybody_who_may_have_done_it(change: str, actor: object, named: str) -> None:
    event = CourtCredentialChanged(**CREDENTIAL, change=change, actor_account_id=actor)

    (letter,) = credential_changed(event, a_directory())

    assert letter.details["by"] == named
