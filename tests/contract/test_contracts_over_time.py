"""Messages keep to what was said before: every sample decodes for ever, and versions only grow."""

import hashlib
import re
from datetime import date
from pathlib import Path

import msgspec
import pytest

from deploy.tool import releases
from deploy.tool.releases import (
    ARCHIVE,
    Archive,
    ReleaseError,
    check_messages,
    kinds,
    problems,
    schemas_of_today,
    version_in,
    write_release,
    write_samples,
)
from deploy.tool.samples import sample_of
from deploy.tool.schema_changes import changes_between
from shared.messages.base import AccountNumber, Command
from shared.messages.paa_billing import RecordUsage, UsageRecord
from shared.messaging.registry import MAXIMUM_BODY_BYTES, decode


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive of a first release, 1.0.0, of all messages."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.0.0\n\n- First.\n")
    made = Archive(folder=tmp_path, changelog=changelog)
    write_samples(made)
    write_release(made)
    return made


def test_todays_messages_and_samples_keep_to_the_last_release() -> None:
    assert ARCHIVE.read_released() is not None
    assert problems() == []


def test_a_sample_of_every_message_decodes_and_says_the_same_when_encoded_again() -> None:
    samples = ARCHIVE.read_samples()

    assert samples.keys() == kinds().keys()
    for name, body in samples.items():
        message = decode(name, body)
        assert message.message_name() == name
        assert decode(name, msgspec.json.encode(message)) == message, name
        assert len(body) <= MAXIMUM_BODY_BYTES, name


def test_no_sample_that_was_released_is_edited_or_gone() -> None:
    released = ARCHIVE.read_released()
    assert released is not None
    for name, sha256 in released.samples.items():
        sample = ARCHIVE.samples / f"{name}.json"
        assert sample.exists(), f"put the sample of {name} back"
        assert hashlib.sha256(sample.read_bytes()).hexdigest() == sha256, f"put {name} back as it was"


def test_what_travels_unread_inside_a_message_is_read_too() -> None:
    batch = RecordUsage.from_json(ARCHIVE.read_samples()[RecordUsage.message_name()])

    assert batch.records
    for record in batch.records:
        read = msgspec.json.decode(record, type=UsageRecord)
        assert msgspec.json.decode(msgspec.json.encode(read), type=UsageRecord) == read


def test_the_last_release_is_one_of_the_changelogs_and_says_all_that_is_kept_of_it() -> None:
    released = ARCHIVE.read_released()
    assert released is not None

    versions = re.findall(r"^## (\d+\.\d+\.\d+)", ARCHIVE.changelog.read_text(), re.MULTILINE)
    assert released.version in versions
    assert released.samples.keys() <= released.schemas.messages.keys()


def test_a_new_archive_has_nothing_to_complain_of(archive: Archive) -> None:
    released = archive.read_released()

    assert problems(archive) == []
    assert released is not None
    assert released.version == "1.0.0"
    assert changes_between(released.schemas, schemas_of_today()) == []


def test_a_message_that_breaks_with_the_last_release_is_named_and_cannot_be_released(
    archive: Archive,
) -> None:
    released = archive.read_released()
    assert released is not None
    component = released.schemas.messages["linking.confirm_link.v1"]
    released.schemas.components[component]["properties"]["court_id"] = {"type": "string"}
    archive.released.write_bytes(msgspec.json.encode(released))

    (problem,) = problems(archive)
    with pytest.raises(ReleaseError, match="confirm_link"):
        write_release(archive)

    assert problem.startswith("linking.confirm_link.v1, field `court_id`: the field is gone")


def test_a_sample_edited_removed_or_missing_is_named(archive: Archive) -> None:
    edited = archive.samples / "notify.my_messages.v1.json"
    removed = archive.samples / "shared.failed.v1.json"
    edited.write_bytes(edited.read_bytes().replace(b"50", b"51"))
    removed.unlink()

    assert problems(archive) == [
        "shared.failed.v1 has no sample: run `nextgen documents --samples`",
        "the sample of notify.my_messages.v1 was released and is changed: put it back as it was",
        "the sample of shared.failed.v1 was released and is gone: put it back",
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "doesn't decode"),
        (b'{"type":"notify.my_messages.v1","limit":0}', "doesn't decode"),
        (b'{"type":"shared.failed.v1","limit":50}', "doesn't decode"),
        (b'{"type":"notify.my_messages.v1"}', "leaves out limit"),
    ],
)
def test_a_sample_that_is_not_whole_is_named(archive: Archive, body: bytes, problem: str) -> None:
    archive.released.unlink()
    (archive.samples / "notify.my_messages.v1.json").write_bytes(body)

    (found,) = problems(archive)

    assert "notify.my_messages.v1" in found
    assert problem in found


def test_a_sample_of_what_is_no_message_is_named(archive: Archive) -> None:
    (archive.samples / "notify.nothing.v1.json").write_bytes(b"{}")

    assert problems(archive) == ["there is a sample of notify.nothing.v1, and no such message"]


def test_a_sample_that_is_there_is_never_written_over(archive: Archive) -> None:
    own = archive.samples / "notify.my_messages.v1.json"
    own.write_bytes(b"by hand")

    write_samples(archive)

    assert own.read_bytes() == b"by hand"


def test_a_changelog_begins_with_the_version_that_is_released() -> None:
    assert version_in("# Changelog\n\n## 0.2.0 (not released)\n\n## 0.1.0\n") == "0.2.0"
    with pytest.raises(ReleaseError):
        version_in("# Changelog\n")


def test_the_check_says_what_is_wrong_and_answers_1(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check_messages(archive) == 0
    (archive.samples / "shared.failed.v1.json").unlink()

    assert check_messages(archive) == 1
    assert "put it back" in capsys.readouterr().err


class Tidy(Command, frozen=True, kw_only=True, tag="linking.tidy.v1"):
    names: dict[str, str]
    tidy_on: date
    shelf_code: str
    is_whole: bool
    counts: tuple[int, ...]


class Coded(Command, frozen=True, kw_only=True, tag="linking.coded.v1"):
    shelf_code: AccountNumber


def test_a_sample_says_a_word_in_every_field_and_the_same_each_time() -> None:
    sample = sample_of(Tidy)

    assert sample == sample_of(Tidy)
    assert msgspec.json.decode(sample) == {
        "type": "linking.tidy.v1",
        "names": {"name": "Hollis & Crane LLP"},
        "tidy_on": "2024-02-01",
        "shelf_code": "shelf code",
        "is_whole": False,
        "counts": [1],
    }


def test_a_field_for_which_no_value_is_known_is_named(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "kinds", lambda: {Coded.message_name(): Coded})

    with pytest.raises(ReleaseError, match=r"linking\.coded\.v1: .*shelf_code.*sample_values"):
        write_samples(archive)
