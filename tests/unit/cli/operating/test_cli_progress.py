"""Commands that take long show on a terminal what they do, and write nothing of it where there is none."""

from pathlib import Path

import pytest
from cli_kit import Command

LONG = {
    ("db", "check"): "checking executions.db",
    ("db", "backup", "{copy}"): "copying",
    ("db", "prune", "--older-than", "P1D", "--yes"): "removing executions",
    ("doctor",): "executions examined",
}


@pytest.mark.parametrize("command", LONG, ids=lambda words: words[-1] if words[0] == "doctor" else words[1])
def test_progress_is_shown_to_a_person_only(run: Command, tmp_path: Path, command: tuple[str, ...]) -> None:
    data = str(tmp_path / "data")
    assert run("init", "--data", data).status == 0

    def shown(columns: int | None) -> str:
        words = [word.format(copy=tmp_path / f"copy-{columns}") for word in command]
        done = run(*words, "--data", data, columns=columns)
        assert done.status == 0, done.err
        return done.err

    assert LONG[command] in shown(120)
    assert LONG[command] not in shown(None)
