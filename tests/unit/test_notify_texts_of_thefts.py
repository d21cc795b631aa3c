"""What the mails say to somebody whose password another person knows."""

import pytest

from services.notify import mailer
from services.notify.rules import accounts, staff
from shared.messages.accounts import AccountLocked
from shared.messages.accounts.factor_reset import FactorWasReset
from tests.messaging import NOON
from tests.unit.letters import PERSON, SENDER, a_directory
from tests.unit.test_notify_texts import SAMPLES, texts_of

FORMS = ("plain", "html")


def words_of(texts: mailer.Texts, form: str) -> str:
    return " ".join(str(getattr(texts, form)).split())


@pytest.mark.parametrize("form", FORMS)
def test_a_lock_of_passcodes_says_that_somebody_knows_the_password(form: str) -> None:
    event = AccountLocked(account_id=PERSON, locked_until=NOON, guard="passcode")
    (letter,) = accounts.account_locked(event, a_directory())

    text = words_of(mailer.write_texts("account_locked", "Ann", letter.details, {}, SENDER), form)

    assert "somebody knows your password: change it" in text
    assert "kept them out" not in text
    assert "kept them out" in words_of(texts_of("account_locked"), form)


@pytest.mark.parametrize("form", FORMS)
def test_who_did_not_add_the_authenticator_is_told_to_call_at_once(form: str) -> None:
    text = words_of(texts_of("second_factor_changed", change="added"), form)

    assert "Call the PACER Service Center at once" in text
    assert "Call the PACER Service Center at once" not in words_of(texts_of("second_factor_changed"), form)


@pytest.mark.parametrize("form", FORMS)
def test_a_reset_of_a_strangers_factor_says_that_nobody_can_sign_in(form: str) -> None:
    text = words_of(texts_of("factor_reset_asked", is_strangers="yes"), form)

    assert "nobody can sign in" in text
    assert "Signing in with your authenticator stops it" not in text


@pytest.mark.parametrize("form", FORMS)
def test_whose_password_went_with_a_strangers_factor_is_told_to_set_another(form: str) -> None:
    (letter,) = staff.factor_was_reset(
        FactorWasReset(account_id=PERSON, is_password_void=True), a_directory()
    )

    details = {**SAMPLES["factor_was_reset"], **letter.details}
    text = words_of(mailer.write_texts("factor_was_reset", "Ann", details, {}, SENDER), form)

    assert "Your password works no more" in text
    assert "Sign in with your password" not in text
