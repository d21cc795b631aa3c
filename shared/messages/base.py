"""The kinds of message, the types their fields share, and the replies that any request may get."""

from typing import Annotated, ClassVar, Literal, NewType, Self

import msgspec

Speaker = Literal["account", "anyone", "machine", "service", "court", "operator"]
"""Who may send a command or query: `account` with an assertion; `anyone` through the portal without one;
`machine` through the portal with a court's assertion, always made for the one message;
`service` the owner to itself (due work); `court` by its own broker login; `operator` the installation's own
broker login, which the tool `nextgen` uses."""

CourtId = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]{2,8}$(?!\n)", description="PACER court id, as ncwbk")
]
AccountNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{7}$(?!\n)", description="7 digits, for people")]
HIDDEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""What no text holds, as the inside of a character class: control characters, separators of lines and
paragraphs, and signs that turn the direction of writing or show nothing. PostgreSQL keeps no NUL; the others
would make a mail, a list or a spreadsheet say what was never written."""
CLEAN = rf"^[^{HIDDEN}]*$(?!\n)"
FILLED = rf"^(?=.*[^\s\u200c\u200d])[^{HIDDEN}]*$(?!\n)"
"""One line with something to see in it; joiners belong to words of some scripts, but alone show nothing."""
ShortText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, pattern=FILLED, description="one line, not blank")
]
LongText = Annotated[str, msgspec.Meta(max_length=2000, pattern=CLEAN, description="one line, perhaps empty")]
MessageName = NewType("MessageName", str)
FROM_THE_EDGE = "network"
"""The field that no caller fills: the edge says where a request came from, and that may change on the way."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """Anything that crosses a service boundary; its tag is its wire name, `owner.fact.version`."""

    @classmethod
    def message_name(cls) -> MessageName:
        """The wire name, as `linking.confirm_link.v1`."""
        return MessageName(str(cls.__struct_config__.tag))

    @classmethod
    def message_owner(cls) -> str:
        """The service that handles this command, or announces this event."""
        return cls.message_name().partition(".")[0]

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """The message in a body. Raises what msgspec raises."""
        return msgspec.json.decode(body, type=cls)

    def with_changes(self, **changes: object) -> Self:
        """A copy with the given fields changed; the message itself never changes."""
        return msgspec.structs.replace(self, **changes)


class Command(Message, frozen=True, kw_only=True):
    """A request to one service to change something; it may be refused.

    One that `is_sensitive` needs an assertion made for that one message: `ResolveSession.for_message_id`.
    """

    spoken_by: ClassVar[Speaker] = "account"
    is_sensitive: ClassVar[bool] = False


class Query(Message, frozen=True, kw_only=True):
    """A question to one service; answering it changes nothing."""

    spoken_by: ClassVar[Speaker] = "account"


class Event(Message, frozen=True, kw_only=True):
    """A fact that has happened; it can't be refused."""


class Reply(Message, frozen=True, kw_only=True):
    """What only the asker gets: an answer, or an outcome that nobody else needs."""


class TooLate(Reply, frozen=True, kw_only=True, tag="shared.too_late.v1"):
    """The deadline or the assertion's life was over when the request was read: it had no effect."""


class AssertionNotForThis(Reply, frozen=True, kw_only=True, tag="shared.assertion_not_for_this.v1"):
    """A sensitive act came with an assertion that wasn't made for it: nothing has changed.

    Asking again helps only with the session resolved anew for this message, by its id and name.
    """


class IdReused(Reply, frozen=True, kw_only=True, tag="shared.id_reused.v1"):
    """This message id was used before with another sender, account or body: nothing has changed."""


class Malformed(Reply, frozen=True, kw_only=True, tag="shared.malformed.v1"):
    """The body is not what the message's type says: nothing has changed."""

    problem: str


class Failed(Reply, frozen=True, kw_only=True, tag="shared.failed.v1"):
    """The service could not do it though the request may be right: nothing has changed; try again later."""


class ScopeMissing(Reply, frozen=True, kw_only=True, tag="shared.scope_missing.v1"):
    """The personal token that asks doesn't reach so far: nothing has changed.

    `scope` is what it lacks; without one no personal token does this, whatever its scopes.
    """

    scope: str | None = None


class NotAllowed(Reply, frozen=True, kw_only=True, tag="shared.not_allowed.v1"):
    """Who asks may not ask this: nothing has changed."""

    reason: Literal[
        "assertion_missing",
        "assertion_invalid",
        "role_missing",
        "not_yours",
        "upgrade_first",
        "proof_too_old",
        "session_level_too_low",
        "session_restricted",
    ]
