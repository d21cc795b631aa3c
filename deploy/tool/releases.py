"""What the last release said: the schemas and samples of its messages, and whether today's keep to them."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deploy.local.binaries import CHECKOUT
from deploy.tool.message_schemas import schemas_of
from deploy.tool.samples import sample_of, sample_problems
from deploy.tool.schema_changes import Schemas, changes_between
from shared.messages.base import Message
from shared.messages.paa_billing import UsageRecord
from shared.messaging.registry import messages_by_name

# Travels unread inside its message, so that message's own schema says nothing of it.
_INSIDE = {"paa_billing.record_usage.records.v1": UsageRecord}


class ReleaseError(Exception):
    """The messages can't be released as they are."""


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a release: its version, their schemas, and the SHA-256 of each sample."""

    version: str
    schemas: Schemas
    samples: dict[str, str]


@dataclass(frozen=True, slots=True)
class Archive:
    """Where the samples of all messages and what the last release said are kept."""

    folder: Path = CHECKOUT / "tests" / "contract"
    changelog: Path = CHECKOUT / "CHANGELOG.md"

    @property
    def samples(self) -> Path:
        return self.folder / "samples"

    @property
    def released(self) -> Path:
        return self.folder / "released" / "messages.json"

    def read_samples(self) -> dict[str, bytes]:
        """Each sample's bytes, by its message's name."""
        return {path.stem: path.read_bytes() for path in sorted(self.samples.glob("*.json"))}

    def read_released(self) -> Released | None:
        """The last release's messages; None before the first release, when there is nothing to keep to."""
        if not self.released.exists():
            return None
        return msgspec.json.decode(self.released.read_bytes(), type=Released)


ARCHIVE = Archive()


def kinds() -> dict[str, type[Message]]:
    """Every message of this product; a test may have made the registry know more."""
    known = messages_by_name().items()
    return {name: kind for name, kind in sorted(known) if kind.__module__.startswith("shared.messages.")}


def schemas_of_today() -> Schemas:
    """The schemas of all messages as they are in this checkout."""
    return schemas_of({**kinds(), **_INSIDE})


def write_samples(archive: Archive = ARCHIVE) -> int:
    """Write a sample of each message that has none; one that is there stays as it is."""
    archive.samples.mkdir(parents=True, exist_ok=True)
    present = archive.read_samples()
    for name, kind in kinds().items():
        if name not in present:
            (archive.samples / f"{name}.json").write_bytes(_sample_of(kind))
            print(f"wrote the sample of {name}: read it, and make it say what a real one would")
    return 0


def _sample_of(kind: type[Message]) -> bytes:
    try:
        return sample_of(kind)
    except msgspec.ValidationError as error:
        values = "deploy/tool/sample_values.py"
        raise ReleaseError(f"{kind.message_name()}: {error}; give the field a value in {values}") from None


def problems(archive: Archive = ARCHIVE) -> list[str]:
    """Where today's messages or samples don't keep to the last release."""
    released = archive.read_released()
    changes = changes_between(released.schemas, schemas_of_today()) if released else []
    hashes = released.samples if released else {}
    return [*map(str, changes), *sample_problems(archive.read_samples(), kinds(), hashes)]


def check_messages(archive: Archive = ARCHIVE) -> int:
    """Name what doesn't keep to the last release, and answer 1 if anything doesn't."""
    found = problems(archive)
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def write_release(archive: Archive = ARCHIVE) -> int:
    """Make today's messages those of the last release, under the version that the changelog begins with.

    Raises ReleaseError if they don't keep to the release before, or have no good samples.
    """
    if found := problems(archive):
        raise ReleaseError("\n".join(found))
    released = Released(
        version=version_in(archive.changelog.read_text()),
        schemas=schemas_of_today(),
        samples={name: hashlib.sha256(body).hexdigest() for name, body in archive.read_samples().items()},
    )
    archive.released.parent.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(released, order="sorted"), indent=1)
    archive.released.write_bytes(content + b"\n")
    print(f"the messages of {released.version} are released: within their versions they only grow")
    return 0


def version_in(changelog: str) -> str:
    """The newest version of a changelog. Raises ReleaseError where it names none."""
    found = re.search(r"^## (\d+\.\d+\.\d+)\b", changelog, re.MULTILINE)
    if found is None:
        raise ReleaseError("the changelog names no version")
    return found[1]
