"""One behaviour of the object store, in memory and in a folder."""

from pathlib import Path

import pytest

from shared.objects import get_object, key_for, open_objects, put_object


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory:///" if request.param == "memory" else (tmp_path / "not" / "made yet").as_uri()


async def test_what_was_written_is_read_and_may_be_written_again(url: str) -> None:
    objects = open_objects(url)
    key = key_for("statements", b"content", "json")

    await put_object(objects, key, b"content")
    await put_object(objects, key, b"content")

    assert await get_object(objects, key) == b"content"
    assert key == "statements/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73.json"


async def test_what_was_not_written_is_not_found(url: str) -> None:
    with pytest.raises(FileNotFoundError):
        await get_object(open_objects(url), "statements/none.json")
