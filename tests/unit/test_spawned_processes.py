"""Work for other processors goes on after a process was killed."""

import os
from concurrent.futures.process import BrokenProcessPool

import pytest

from shared.spawned_processes import SpawnedProcesses


async def test_work_is_done_in_another_process() -> None:
    with SpawnedProcesses(1) as processes:
        assert await processes.run(abs, -3) == 3
        assert await processes.run(os.getenv, "PATH") == os.environ["PATH"]


async def test_what_the_work_raises_is_raised() -> None:
    with SpawnedProcesses(1) as processes, pytest.raises(ValueError, match="base 10"):
        await processes.run(int, "x")


async def test_after_a_killed_process_the_next_work_gets_a_new_one() -> None:
    with SpawnedProcesses(1) as processes:
        with pytest.raises(BrokenProcessPool):
            await processes.run(os._exit, 1)

        assert await processes.run(abs, -3) == 3
