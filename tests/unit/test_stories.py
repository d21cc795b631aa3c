"""Stories on disk: numbers go up, and what a broken start left behind blocks nothing."""

from pathlib import Path

import pytest

from deploy.tool import stories
from deploy.tool.stories import StoryError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stories, "STORIES", tmp_path / "stories")
    return tmp_path / "stories"


def test_a_start_that_broke_before_its_record_was_written_blocks_no_other(folder: Path) -> None:
    (folder / "1").mkdir(parents=True)

    number, made = stories._new_folder()

    assert (number, made) == (2, folder / "2")
    assert stories.numbers() == []


def test_without_a_story_the_way_to_one_is_said(folder: Path) -> None:
    with pytest.raises(StoryError, match="make demo"):
        stories.load()
