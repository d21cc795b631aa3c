"""The bytes of a mail: exactly the headers that were meant, whatever is typed where."""

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.notify.mailer import Mail, Texts, UnsafeMailError, build_mail
from services.notify.settings import Sender

SENDER = Sender(address="no-reply@accounts.example", name="NextGen Accounts", portal_url="https://a.example")
NOTIFICATION_ID = UUID("018d6e2a-0000-7000-8000-000000000001")
CORRELATION_ID = UUID("018d6e2a-0000-7000-8000-000000000002")
EXPECTED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Correlation-ID",
    "X-Nextgen-Kind",
    "MIME-Version",
    "Content-Type",
]
SMUGGLED = (
    "x\r\nBcc: victim@evil.example",
    "x\nBcc: victim@evil.example",
    "x\rBcc: victim@evil.example",
    "x\u2028Bcc: victim@evil.example",
    "x\x85Bcc: victim@evil.example",
    "x\x0bBcc: victim@evil.example",
    "x\x00",
    "=?utf-8?q?x=0D=0ABcc:_victim@evil.example?=",
    "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXZpbC5leGFtcGxl?=",
    "x =?utf-8?q?=0A?= y",
    "x" * 5000,
    "",
)


def a_mail(**changes: Any) -> Mail:
    usual: dict[str, Any] = {
        "notification_id": NOTIFICATION_ID,
        "correlation_id": CORRELATION_ID,
        "kind": "password_changed",
        "subject": "Your password was changed",
        "texts": Texts(plain="Hello\n", html="<p>Hello</p>\n"),
        "sender": SENDER,
        "recipient": "ann@example.org",
        "at": datetime(2024, 2, 1, 18, tzinfo=UTC),
    }
    return build_mail(**{**usual, **changes})


def read(mail: Mail) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(mail.content)


def test_a_mail_has_exactly_these_headers() -> None:
    message = read(a_mail())

    assert message.keys() == EXPECTED
    assert message["From"] == "NextGen Accounts <no-reply@accounts.example>"
    assert message["To"] == "ann@example.org"
    assert message["Subject"] == "Your password was changed"
    assert message["Message-ID"] == f"<{NOTIFICATION_ID}@accounts.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Correlation-ID"] == str(CORRELATION_ID)
    assert message["X-Nextgen-Kind"] == "password_changed"
    assert message["Date"].datetime == datetime(2024, 2, 1, 18, tzinfo=UTC)


def test_the_message_id_stays_when_the_mail_is_made_again_later() -> None:
    later = a_mail(at=datetime(2024, 2, 3, tzinfo=UTC), recipient="other@example.org")

    assert read(later)["Message-ID"] == read(a_mail())["Message-ID"]


@pytest.mark.parametrize("value", SMUGGLED)
@pytest.mark.parametrize("field", ["subject", "recipient", "kind"])
def test_what_could_smuggle_a_header_is_refused(field: str, value: str) -> None:
    with pytest.raises(UnsafeMailError):
        a_mail(**{field: value})


@pytest.mark.parametrize("value", SMUGGLED)
def test_a_sender_that_could_smuggle_a_header_is_refused(value: str) -> None:
    sender = Sender(address=SENDER.address, name=value, portal_url="")

    if value:
        with pytest.raises((UnsafeMailError, ValueError)):
            a_mail(sender=sender)
    else:
        assert read(a_mail(sender=sender))["From"] == SENDER.address


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "ann@",
        "@example.org",
        "ann@example.org,bob@example.org",
        "ann,bob@example.org",
        "Ann <ann@example.org>",
        "ann<victim@evil.example>",
        "ann(comment)@example.org",
        '"ann b"@example.org',
        "ann@example.org;bob",
        "ann@[127.0.0.1]",
        "ann..b@example.org",
        "ann@-example.org",
        "änn@example.org",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 60}.example.org",
        "ann@example.org\n",
        " ann@example.org",
    ],
)
def test_an_address_that_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(UnsafeMailError, match="To"):
        a_mail(recipient=address)


@pytest.mark.parametrize(
    "address",
    [
        "ann+pacer@example.org",
        "o'hara@example.co.uk",
        "a@b",
        f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 55}.example",
    ],
)
def test_an_unusual_but_right_address_is_kept_as_it_is(address: str) -> None:
    assert [found.addr_spec for found in read(a_mail(recipient=address))["To"].addresses] == [address]


@given(some.text(max_size=200))
def test_no_subject_adds_a_header_or_arrives_as_another(subject: str) -> None:
    try:
        mail = a_mail(subject=subject)
    except UnsafeMailError:
        return

    message = read(mail)
    assert message.keys() == EXPECTED
    assert str(message["Subject"]).removeprefix(" ") == subject


@pytest.mark.parametrize("words", range(1, 60))
def test_a_subject_of_any_length_arrives_as_it_was(words: int) -> None:
    subject = f"Unlinked: {'y' * words} your filing account at North Carolina Western Bankruptcy Court"

    assert str(read(a_mail(subject=subject))["Subject"]).strip() == subject


@given(some.text(max_size=2000).filter(lambda text: text.isprintable()))
def test_the_bodies_arrive_as_they_were(text: str) -> None:
    message = read(a_mail(texts=Texts(plain=f"{text}\n.\n{text}\n", html=f"<p>{text}</p>\n")))

    plain, html = message.iter_parts()
    assert plain.get_content() == f"{text}\r\n.\r\n{text}\r\n"
    assert html.get_content() == f"<p>{text}</p>\r\n"


def test_lines_are_as_mail_servers_want_them() -> None:
    content = a_mail(texts=Texts(plain="ä" * 5000 + "\n", html="<p>" + "x" * 5000 + "</p>\n")).content

    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert content.isascii()
