"""The tool that trains a dictionary of invented executions: `tools/train_dictionary.py`."""

import runpy
from pathlib import Path

import pytest

from looply.engine.coding.dictionary import Dictionaries

TOOL = runpy.run_path(str(Path(__file__).parents[4] / "tools" / "train_dictionary.py"))


def test_a_dictionary_of_invented_executions_halves_what_similar_batches_take(tmp_path: Path) -> None:
    file = tmp_path / "next.dict"
    assert TOOL["main"]([str(file), "--executions", "100"]) == 0
    trained, none = Dictionaries({1: file.read_bytes()}), Dictionaries({})
    batches = TOOL["samples"](120)[-20:]
    assert 2 * sum(len(trained.compress(each)) for each in batches) < sum(len(none.compress(each)) for each in batches)
    assert [trained.decompress(1, trained.compress(each)) for each in batches] == batches


def test_a_file_that_exists_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "starter.dict"
    file.write_bytes(b"released")
    assert TOOL["main"]([str(file)]) == 1
    assert file.read_bytes() == b"released"
    assert f"{file} already exists and was not changed; name a new file" in capsys.readouterr().err


def test_too_few_executions_are_an_error_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert TOOL["main"]([str(tmp_path / "next.dict"), "--executions", "1"]) == 1
    assert "use more --executions than 1" in capsys.readouterr().err
