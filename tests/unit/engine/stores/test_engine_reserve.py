"""The reserve is given up at once and taken back slowly."""

from datetime import timedelta
from pathlib import Path

from looply.engine.sqlite.file.reserve import RESERVE_BYTES, Reserve
from looply.testing.clock import FakeClock


def test_space_is_held_and_given_up(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, FakeClock())
    reserve.allocate()
    assert reserve.is_held
    assert (tmp_path / "reserve").stat().st_size == RESERVE_BYTES
    reserve.give_up()
    reserve.give_up()
    assert not reserve.is_held
    assert list(tmp_path.iterdir()) == []


def test_space_is_taken_back_after_a_pause(tmp_path: Path) -> None:
    clock = FakeClock()
    reserve = Reserve(tmp_path, clock)
    reserve.give_up()
    reserve.restore()
    assert not reserve.is_held
    clock.advance(timedelta(seconds=6))
    reserve.restore()
    assert reserve.is_held


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "missing", FakeClock())
    reserve.allocate()
    assert not reserve.is_held
