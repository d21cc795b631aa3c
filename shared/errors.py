"""The errors that the delivery of messages tells apart.

NextgenError
├── PoisonError            will fail in the same way for ever: the message is parked at once
│   ├── BadEnvelopeError   the metadata can't be believed or read
│   ├── UndecodableError   a known type whose body isn't one
│   └── SealError          a sealed field can't be opened, or no longer
├── UnknownTypeError       this replica doesn't know the message (yet): tried again in tiers
├── NotYetKnownError       our copy of another service's fact isn't here yet: tried again
├── UnavailableError       a dependency doesn't answer: no attempt, the delivery is held
├── PublishError           the broker didn't take a message
│   ├── UnroutableError    no queue is bound for it
│   ├── NackedError        a queue refused it
│   ├── ForbiddenError     this login may not publish it
│   ├── UnsendableError    it can't be written as AMQP
│   └── UnconfirmedError   nothing is known: it may have arrived; send it again with the same id
├── RequestError           a request has no answer
│   ├── ServiceUnavailableError   nobody takes it, or the broker doesn't answer
│   └── DeadlinePassedError       no reply in time; ask again with the same id
└── SettingsError          a setting is missing, unknown or wrong: the process doesn't start
"""


class NextgenError(Exception):
    """The root of all errors that this product raises on purpose."""


class PoisonError(NextgenError):
    """The message will fail in the same way for ever."""


class BadEnvelopeError(PoisonError):
    """The metadata can't be believed or read."""


class UndecodableError(PoisonError):
    """A known type whose body isn't one; `problem` names the field and never a value."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class UnknownTypeError(NextgenError):
    """This replica doesn't know the message type."""


class NotYetKnownError(NextgenError):
    """Our copy of another service's fact isn't here yet."""


class UnavailableError(NextgenError):
    """A dependency doesn't answer."""


class PublishError(NextgenError):
    """The broker didn't take a message."""


class UnroutableError(PublishError):
    """No queue is bound for the message."""


class NackedError(PublishError):
    """A queue refused the message."""


class ForbiddenError(PublishError):
    """The broker doesn't let this login publish the message."""


class UnsendableError(PublishError):
    """The message can't be written as AMQP: a property is too long, or of a wrong type."""


class UnconfirmedError(PublishError):
    """Nothing is known of the message; sending it again with the same id is safe."""


class RequestError(NextgenError):
    """A request has no answer."""


class ServiceUnavailableError(RequestError):
    """Nobody takes the request, or the broker doesn't answer."""


class DeadlinePassedError(RequestError):
    """No reply came in time; asking again with the same id is safe."""


class SealError(PoisonError):
    """A sealed field can't be opened, or no longer."""


class SettingsError(NextgenError):
    """A setting is missing, unknown or wrong."""
