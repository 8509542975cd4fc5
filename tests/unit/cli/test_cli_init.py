"""`looply init`: the first organization and its key, as a shell script reads it; and what a script sees of an error."""

import re
from pathlib import Path

from cli_kit import Command


def test_the_bare_key_is_all_of_standard_output(run: Command, tmp_path: Path) -> None:
    done = run("init", "--data", str(tmp_path / "data"), "--key-only")
    assert done.status == 0
    assert done.out.startswith("lk_")
    assert done.out.split() == [done.out.strip()]
    assert "shown only now" in done.err


def test_an_error_of_a_command_with_json_is_also_a_line_on_standard_error(run: Command, tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    assert run("init", "--data", folder).status == 0
    again = run("init", "--data", folder, "--json")
    assert (again.status, again.document["code"]) == (1, "ALREADY_INITIALIZED")
    assert again.err == f"looply: {again.document['message']}\n"


def test_a_link_that_makes_the_first_owner_is_shown_with_the_key(run: Command, tmp_path: Path) -> None:
    made = run("init", "--data", str(tmp_path / "data"), "--json")
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/app/invitation/[\w-]{43}", made.document["owner_link"])
    assert "works once" in made.err


def test_a_refused_init_writes_no_key(run: Command, tmp_path: Path) -> None:
    folder = str(tmp_path / "data")
    assert run("init", "--data", folder).status == 0
    again = run("init", "--data", folder, "--key-only")
    assert (again.status, again.out) == (1, "")
    assert "already has an organization" in again.err
