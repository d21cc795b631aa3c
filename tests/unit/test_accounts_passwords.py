"""Which passwords are good enough, and which texts are equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.accounts.rules import texts
from services.accounts.rules.secrecy import holds_own_part, is_common, judge_password, normalise
from services.accounts.settings import read_common_passwords

COMMON = read_common_passwords()
OWN = ("Margaret", "O'Neill-Šimić", "mo.simic99", "m.simic+pacer@oakfield-law.example")


def judged(password: str, *, needs_classes: bool = False) -> str | None:
    return judge_password(password, own_texts=OWN, common=COMMON, needs_classes=needs_classes)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("gq7 hw2 kd9 zx", None),
        ("gq7 hw2 kd9 z", "password_too_short"),
        (("unlikely butcher fumes " * 6)[:128], None),
        (("unlikely butcher fumes " * 6)[:129], "password_too_long"),
        ("unlikely butcher fumes", None),
        ("8452993177305561", None),
        ("long walk, no shoes", None),
    ],
)
def test_length_is_from_fourteen_to_128_and_nothing_else_is_asked(password: str, reason: str | None) -> None:
    assert judged(password) == reason


@pytest.mark.parametrize(
    "password",
    [
        "Password12345678",
        "P@ssw0rd!P@ssw0rd!",
        "qwertyuiop1234567890",
        "Summer2024Summer!",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabca",
        "12345678901234",
        "98765432109876",
        "abcdefghijklmnop",
        "pacer-login-2024",
        "ILoveYouForever1",
        "correcthorsebatterystaple",
        "Welcome...2...Court",
    ],
)
def test_a_common_password_is_refused_however_it_is_dressed(password: str) -> None:
    assert judged(password) == "password_too_common"


@pytest.mark.parametrize(
    "password",
    [
        "unlikely-margaret-55",
        "unlikely-GARET-55-zz",
        "unlikely-neill-55-zz",
        "unlikely-\u0160IMI\u0106-55",
        "oakfield unlikely 55",
    ],
)
def test_a_part_of_ones_own_name_or_address_is_refused(password: str) -> None:
    assert judged(password) == "password_holds_own_data"


def test_two_letters_of_a_name_are_no_part_and_the_last_label_of_a_domain_is_nobodys_own() -> None:
    assert judged("ma-on-si example 77") is None


def test_a_short_word_of_a_domain_is_no_own_part() -> None:
    assert not holds_own_part("77-law-qz-77", ["x@qz.a-b.example"])
    assert holds_own_part("77-law-qz-77", ["x@law.example"])


@given(some.text(some.characters(categories=["L"]), min_size=3, max_size=30), some.data())
def test_any_three_letters_in_a_row_of_a_name_are_found(name: str, data: some.DataObject) -> None:
    folded = normalise(name.casefold())
    start = data.draw(some.integers(0, max(0, len(folded) - 3)))
    part = folded[start : start + 3]
    if len(part) < 3 or not part.isalpha() or part.casefold() != part:
        return

    assert holds_own_part(f"77{part}77", [folded])


@pytest.mark.parametrize(
    ("password", "is_enough"),
    [
        ("unlikely butcher fumes", False),
        ("UNLIKELY BUTCHER FUMES", False),
        ("unlikelyButcherFumes", False),
        ("Unlikely butcher fumes", True),
    ],
)
def test_classes_are_asked_for_only_where_the_policy_says_so(password: str, is_enough: bool) -> None:
    assert judged(password) is None
    assert judged(password, needs_classes=True) == (None if is_enough else "password_needs_classes")


@given(some.text(max_size=140))
def test_judging_a_password_always_comes_to_an_answer(password: str) -> None:
    is_common(normalise(password), COMMON)
    holds_own_part(password, OWN)


@pytest.mark.parametrize(
    ("first", "second", "are_equal"),
    [
        ("ann@firm.example", "ANN@Firm.Example", True),
        ("ann+pacer@firm.example", "ann@firm.example", True),
        ("ann+a+b@firm.example", "ann+c@firm.example", True),
        ("ann@firm.example", "anna@firm.example", False),
        ("ann@firm.example", "ann@other.example", False),
        ("+tag@firm.example", "+other@firm.example", False),
    ],
)
def test_addresses_are_equal_whatever_their_case_and_tag(first: str, second: str, are_equal: bool) -> None:
    assert (texts.email_key(first) == texts.email_key(second)) is are_equal


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@firm",
        "ann@@firm.example",
        "ann @firm.example",
        "ann@firm.example\nBcc: all@firm.example",
        "a..n@firm.example",
        "ann@-firm.example",
        "ann@firm.example\x00",
        "ännä@firm.example",
        "a" * 65 + "@firm.example",
        "=?utf-8?q?ann?=@firm.example ",
    ],
)
def test_what_could_leave_its_mail_header_is_no_address(address: str) -> None:
    assert not texts.is_email(address)


@pytest.mark.parametrize("text", ["", " ", "a\x00b", "a\nb", "a\u202eb", "a\ud800b", "a\u2028b", "x" * 201])
def test_a_text_is_one_clean_line_of_bounded_length(text: str) -> None:
    assert not texts.is_filled(text)


def test_names_are_equal_whatever_their_case_composition_and_spaces() -> None:
    assert texts.name_key("Zoe\u0308", " De  Vries ") == texts.name_key("ZO\u00cb", "de vries")
    assert texts.name_key("Ann", "Lee") != texts.name_key("Anne", "Lee")
