"""The letters of linking codes and conflicts: what they keep to themselves, and how long they are good."""

from services.notify.rules import filing
from shared.messages.linking.codes import LinkingCodeIssued
from tests.messaging import NOON
from tests.unit import letters_of_filing
from tests.unit.letters import SEALED, a_directory


def test_neither_of_two_who_claim_a_filing_account_reads_the_other_ones_name() -> None:
    for rule, event, _ in letters_of_filing.EXPECTED[-2:]:
        for letter in rule(event, a_directory()):
            names = {"Ann Lee", "Bob Ray"} - {letter.name}
            assert not [name for name in names if name in str(letter)]


def test_a_linking_code_is_not_mailed_once_it_has_ended_and_says_when_in_the_courts_time() -> None:
    event = LinkingCodeIssued(**letters_of_filing.A_CODE, way="mailed", code=SEALED)

    (letter,) = filing.linking_code_issued(event, a_directory())

    assert letter.expires_at == NOON
    assert letter.details["code_ends"] == "February 1, 2024, 1:00 PM EST"
    assert letter.sealed == {"recipient": SEALED, "code": SEALED}
