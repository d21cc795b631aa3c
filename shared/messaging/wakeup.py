"""A wakeup: says that there may be work, so that a loop needn't wait for its next look."""

import asyncio


class Wakeup:
    """Set by whoever made work, awaited by whoever does it, with a longest wait."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """There may be work."""
        self._event.set()

    async def wait(self, *, at_most_seconds: float) -> bool:
        """Return when woken (true), or after the given time (false)."""
        try:
            async with asyncio.timeout(at_most_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        finally:
            self._event.clear()
        return True
