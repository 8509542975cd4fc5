"""An upgrade of the tables of PostgreSQL while processes work on them: a deadlock ends neither."""

import psycopg
import pytest

from looply.engine.postgres.database.opening import repeat_deadlocked


class Transaction:
    """A transaction that the server ends so many times because of a deadlock."""

    def __init__(self, deadlocks: int) -> None:
        self.deadlocks = deadlocks
        self.count = 0

    async def run(self) -> None:
        self.count += 1
        if self.count <= self.deadlocks:
            raise psycopg.errors.DeadlockDetected


@pytest.mark.parametrize("deadlocks", [0, 1, 9])
async def test_an_upgrade_that_a_deadlock_has_ended_is_repeated(deadlocks: int) -> None:
    transaction = Transaction(deadlocks)
    await repeat_deadlocked(transaction.run)
    assert transaction.count == deadlocks + 1


async def test_an_upgrade_ends_with_the_deadlock_that_comes_each_time() -> None:
    transaction = Transaction(100)
    with pytest.raises(psycopg.errors.DeadlockDetected):
        await repeat_deadlocked(transaction.run)
    assert transaction.count == 10


async def test_another_error_ends_an_upgrade_at_once() -> None:
    async def run() -> None:
        raise psycopg.errors.DiskFull

    with pytest.raises(psycopg.errors.DiskFull):
        await repeat_deadlocked(run)
