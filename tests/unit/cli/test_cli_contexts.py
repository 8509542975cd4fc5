"""Contexts for several servers."""

import json
import stat
from pathlib import Path

import httpx2
import pytest
from cli_kit import KEY, Command, Done, Looply

SECRET = "lk_secretxx_0123456789abcdef"
TEST, PRODUCTION = "http://test.example.com", "https://looply.example.com"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def asked(looply: Looply) -> list[tuple[str, str]]:
    """The host and the key of each call."""
    calls: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        calls.append((request.url.host, request.headers["x-api-key"]))
        return httpx2.Response(200, json={"message": "success", "items": []})

    looply.answers["getKeys"] = answer
    return calls


def add(run: Command, home: dict[str, str], name: str, url: str, key: str = SECRET, *more: str) -> Done:
    return run("context", "add", name, "--url", url, "--api-key", "-", *more, stdin=f"{key}\n".encode(), env=home)


def test_the_first_context_is_the_current_one_and_another_is_used_by_name(
    run: Command, home: dict[str, str], asked: list[tuple[str, str]]
) -> None:
    add(run, home, "test", TEST, "lk_test")
    add(run, home, "production", PRODUCTION, "lk_production")
    run("key", "list", env=home)
    run("key", "list", "--context", "production", env=home)
    run("key", "list", env={**home, "LOOPLY_CONTEXT": "production"})
    run("context", "use", "production", env=home)
    run("key", "list", env=home)
    production = ("looply.example.com", "lk_production")
    assert asked == [("test.example.com", "lk_test"), production, production, production]


def test_variables_win_over_the_current_context_and_a_named_context_over_variables(
    run: Command, home: dict[str, str], asked: list[tuple[str, str]]
) -> None:
    add(run, home, "test", TEST, "lk_test")
    run("key", "list", env={**home, **KEY})
    run("key", "list", "--context", "test", env={**home, **KEY})
    assert asked == [("looply.test", "lk_test_key"), ("test.example.com", "lk_test")]


def test_the_key_of_a_context_is_never_sent_to_another_url(
    run: Command, home: dict[str, str], asked: list[tuple[str, str]]
) -> None:
    add(run, home, "test", TEST)
    assert run("key", "list", "--url", PRODUCTION, env=home).status == 2
    assert run("key", "list", "--url", PRODUCTION, env={**home, "LOOPLY_CONTEXT": "test"}).status == 2
    assert run("key", "list", "--url", PRODUCTION, "--context", "test", env=home).status == 2
    assert run("key", "list", env={**home, "LOOPLY_URL": PRODUCTION}).status == 2
    assert asked == []


def test_no_output_has_a_key(run: Command, home: dict[str, str]) -> None:
    outputs = [add(run, home, "test", TEST), add(run, home, "other", TEST, SECRET, "--json")]
    outputs += [run("context", "list", "-o", name, env=home) for name in ("table", "json", "yaml", "ids")]
    outputs += [run("context", "use", "other", env=home), run("context", "remove", "test", env=home)]
    assert [done.status for done in outputs] == [0] * len(outputs)
    assert not any(SECRET in done.out + done.err for done in outputs)
    assert run("context", "list", "-o", "ids", env=home).out == "other\n"


def test_the_file_is_for_its_owner_only_and_is_refused_when_others_may_read_it(
    run: Command, home: dict[str, str]
) -> None:
    add(run, home, "test", TEST)
    file = Path(home["XDG_CONFIG_HOME"]) / "looply" / "contexts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["contexts.json"]
    file.chmod(0o640)
    done = run("key", "list", env=home)
    assert (done.status, f"chmod 600 {file}" in done.err) == (1, True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"contexts": 1}', '{"contexts": {}, "more": 1}'])
def test_a_file_with_something_else_in_it_is_one_line(run: Command, home: dict[str, str], text: str) -> None:
    file = Path(home["XDG_CONFIG_HOME"]) / "looply" / "contexts.json"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text(text)
    done = run("context", "list", env=home)
    assert (done.status, done.err.count("\n"), str(file) in done.err) == (1, 1, True)


def test_an_unknown_context_is_one_line_with_a_suggestion(run: Command, home: dict[str, str]) -> None:
    assert run("key", "list", "--context", "test", env=home).status == 1
    add(run, home, "production", PRODUCTION)
    for arguments in (("key", "list", "--context", "prodction"), ("context", "use", "prodction")):
        done = run(*arguments, env=home)
        line = "looply: no context is named 'prodction'; did you mean 'production'? (there are: production)\n"
        assert (done.status, done.err) == (1, line)


@pytest.mark.parametrize(
    "arguments",
    [("../x", "--url", TEST), ("x", "--url", "looply.example.com"), ("x", "--url", TEST, "--api-key", "ü"), ("x",)],
)
def test_a_context_that_no_call_could_use_is_wrong_usage(
    run: Command, home: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = run("context", "add", *arguments, env={**home, "LOOPLY_API_KEY": SECRET})
    assert done.status == 2
    assert json.loads(run("context", "list", "--json", env=home).out)["count"] == 0


def test_a_removed_current_context_leaves_none(run: Command, home: dict[str, str]) -> None:
    add(run, home, "test", TEST)
    run("context", "remove", "test", env=home)
    assert "add a context" in run("key", "list", env=home).err


def test_a_context_and_a_data_folder_are_not_given_at_once(run: Command, home: dict[str, str]) -> None:
    assert run("key", "list", "--context", "test", "--data", "d", env=home).status == 2
