"""A hasher for tests of the work that is done: it counts what it compares, and may be held back."""

import threading
from typing import Literal

import argon2


class CountingHasher(argon2.PasswordHasher):
    """Counts what it compares, and with what, and how often it hashes.

    `most_at_once` is how many compared at the same time.
    """

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.compared: list[str | bytes] = []
        self.hashed_count = 0
        self.most_at_once = 0
        self.may_work = threading.Event()
        self.may_work.set()
        self.at_once = 0
        self._counting = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed_count += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        with self._counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.may_work.wait(10)
            self.compared.append(hash)
            return super().verify(hash, password)
        finally:
            with self._counting:
                self.at_once -= 1
