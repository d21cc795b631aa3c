"""The letter to a court whose reported usage was set aside, in sentences that name each record and field."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from services.notify.model import Details, Directory, Letter
from services.notify.rules.letters import in_words, to_court
from shared.messages.paa_billing import UsageBatchParked, UsageBatchSettled, UsageQuarantined

LISTED_RECORDS = 20
OF_THE_RECORD: Final[Mapping[str, str]] = {
    "not_json": "is not JSON",
    "not_an_object": "is not a JSON object",
    "unreadable": "can't be read",
}
OF_A_FIELD: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "unknown_field": "is not one that belongs to a record",
    "unknown_version": "names a version that is not known",
    "not_a_text": "is not a text",
    "not_an_instant": "is not a date with a time and a time zone",
    "not_a_whole_number": "is not a whole number",
    "not_utf8": "is not written in UTF-8",
    "lone_surrogate": "holds half of a surrogate pair",
    "holds_nul": "holds a NUL character",
    "too_long": "is too long",
    "negative": "is negative",
    "absurd": "is too large to be true",
    "not_an_id": "is empty, too long or not printable",
    "id_used_for_another_use": "was used before for another use",
    "not_seven_digits": "does not have seven digits",
    "not_an_individual": "is the number of an account that is not an individual's",
    "account_not_known": "is the number of an account that did not become known in time",
    "no_zone": "has no time zone",
    "too_long_ago": "lies too long ago",
    "in_the_future": "lies in the future",
    "no_schedule_in_force": "lies before the first fee schedule",
    "unknown_kind": "names a kind of use that is not known",
    "kind_not_in_schedule": "names a kind of use that had no price at that time",
    "size_missing": "is missing, and no other size is given",
    "size_given_twice": "gives the size a second time",
    "size_not_of_this_kind": "is not how a use of this kind is measured",
    "size_too_small": "has to be 1 or more",
}
WHY_PARKED: Final[Mapping[str, str]] = {
    "undecodable": "It is not the JSON of a batch of at most 500 records in at most 256 KiB.",
    "bad_envelope": "What travels beside it, as its id, is not as it has to be.",
    "poison": "It names another court, or its message id was used before for something else.",
}


def usage_quarantined(event: UsageBatchSettled, directory: Directory) -> tuple[Letter, ...]:
    """To the court, if any of its records was set aside: at once, or after it had waited for its account."""
    if not event.quarantined:
        return ()
    unlisted = len(event.quarantined) - LISTED_RECORDS
    details: Details = {
        "batch": str(event.batch_id),
        "quarantined": str(len(event.quarantined)),
        "records": tuple(_in_a_sentence(record) for record in event.quarantined[:LISTED_RECORDS]),
        "unlisted": str(unlisted) if unlisted > 0 else "",
    }
    if event.is_after_waiting:
        return (to_court("usage_given_up_court", directory.court(), details),)
    counts: Details = {"booked": str(event.booked), "duplicate": str(event.duplicate)}
    return (to_court("usage_quarantined_court", directory.court(), {**details, **counts}),)


def usage_parked(event: UsageBatchParked, directory: Directory) -> tuple[Letter, ...]:
    """To the court whose whole message was given up."""
    court = directory.court()
    details: Details = {
        "message_id": str(event.message_id),
        "parked_at": in_words(event.parked_at, ZoneInfo(court.time_zone)),
        "why": WHY_PARKED.get(event.reason, f"It could not be handled ({event.reason})."),
    }
    return (to_court("usage_parked_court", court, details),)


def _in_a_sentence(record: UsageQuarantined) -> str:
    """People count from 1, the message from 0."""
    usage_id = "its usage id can't be read" if record.usage_id is None else f"usage id {record.usage_id}"
    return f"Record {record.index + 1} ({usage_id}): {_why(record)}."


def _why(record: UsageQuarantined) -> str:
    if record.reason in OF_THE_RECORD:
        return f"the record {OF_THE_RECORD[record.reason]}"
    subject = f'the field "{record.field}"' if record.field else "one of its fields"
    # A reason that paa_billing learns to give before notify knows a sentence for it is still told.
    return f"{subject} {OF_A_FIELD.get(record.reason, f'was refused ({record.reason})')}"
