"""The files of `deploy/` match the product and each other; `deploy/README.md` lists what no test here covers."""

import http.server
import os
import re
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from deployment_files import (
    DEPLOY,
    EXAMPLES,
    Stage,
    containerfile,
    is_let_through,
    pins,
)
from docs_pages import ROOT
from packaging.requirements import Requirement
from psycopg.conninfo import conninfo_to_dict
from reference_pages.commands import command_names

from looply.master_keys import parse_keys
from looply.server.administration.health import ROUTES as HEALTH_ROUTES
from looply.settings import TABLE, load_settings

VARIABLES = {row.variable for row in TABLE.values()}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
IMAGE = containerfile()


def stages() -> list[Stage]:
    return list(IMAGE.stages.values())


# The image


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_sources_of_the_image_exist_and_are_not_ignored(stage: Stage) -> None:
    copies = [each for each in stage.all("COPY") if "from" not in each.options]
    sources = [source.rstrip("/") for each in copies for source in each.arguments[:-1]]
    assert [source for source in sources if not (ROOT / source).exists() or not is_let_through(source)] == []


@pytest.mark.parametrize("path", [".env", "deploy/secrets/looply.toml", "ui/node_modules", "src/looply/server/static"])
def test_private_files_are_ignored_by_the_build(path: str) -> None:
    assert not is_let_through(path)


def test_a_copy_from_a_stage_comes_after_it() -> None:
    names = [stage.name for stage in stages()]
    for position, stage in enumerate(stages()):
        expected = [each.options["from"] for each in stage.all("COPY") if "from" in each.options]
        assert set(expected) <= set(names[:position])


def test_the_wheel_takes_the_pages_from_where_they_are_built() -> None:
    pages = IMAGE.stages["pages"].all("WORKDIR")[-1].rest
    found = re.search(r'const SERVED = "([^"]+)"', (ROOT / "ui" / "vite.config.ts").read_text(encoding="utf-8"))
    assert found is not None
    built = os.path.normpath(f"{pages}/{found[1]}")
    (copy,) = [each for each in IMAGE.stages["wheel"].all("COPY") if each.options.get("from") == "pages"]
    assert [part.rstrip("/") for part in copy.arguments] == [built, "src/looply/server/static"]


def test_every_argument_of_the_build_is_used_and_every_used_one_has_a_default() -> None:
    used = {name for stage in stages() for name in re.findall(r"\$\{([A-Z_]+)\}", stage.image)}
    assert used == IMAGE.arguments.keys()
    assert all(IMAGE.arguments.values())


def test_the_python_of_the_image_is_the_one_that_the_locks_are_for() -> None:
    (locked,) = set(re.findall(r"--python-version (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert IMAGE.arguments["PYTHON_VERSION"].split("-")[0] == locked
    assert all("PYTHON_VERSION" in stage.image for stage in stages() if stage.name != "pages")


def test_the_image_does_not_run_as_root() -> None:
    made = re.search(r"useradd --uid (\d+)", " ".join(each.rest for each in IMAGE.last.all("RUN")))
    assert made is not None
    user, group = IMAGE.last.all("USER")[-1].rest.split(":")
    assert (user, group) == (made[1], made[1])
    assert int(user) > 0


def test_the_containerfile_follows_the_rules_of_hadolint() -> None:
    """The rules that no other test covers: DL3000, DL3004, DL3006, DL3007, DL3012, DL3020, DL3025, DL4006."""
    kinds = {"COPY", "RUN", "ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    for stage in stages():
        assert {each.word for each in stage.instructions} <= kinds
        name, _, tag = stage.image.rpartition(":")
        assert name, stage.image
        assert tag not in ("", "latest"), stage.image
        assert all(each.rest.startswith("/") for each in stage.all("WORKDIR"))
        commands = " ".join(each.rest for each in stage.all("RUN"))
        assert not re.search(r"\bsudo\b|\bcd /|[^|]\|[^|]", commands), commands
    for word in ("HEALTHCHECK", "ENTRYPOINT", "CMD"):
        (only,) = IMAGE.last.all(word)
        assert only.rest.removeprefix("CMD ").startswith("["), only


def test_nothing_gets_into_the_image_without_a_version_and_a_hash() -> None:
    installs = [text for stage in stages() for each in stage.all("RUN") for text in each.rest.split("&&")]
    loose = [
        text.strip()
        for text in installs
        if re.search(r"\b(pip|npm|apt-get|curl|wget)\b.*\b(install|ci|https?:)", text)
        and not ("--require-hashes" in text or "--no-index" in text or "npm ci" in text)
    ]
    assert loose == []


def test_the_image_starts_an_existing_command() -> None:
    assert IMAGE.last.all("ENTRYPOINT")[-1].arguments == ["looply"]
    assert "looply" in PROJECT["project"]["scripts"]
    assert IMAGE.last.all("CMD")[-1].arguments[0] in command_names()


def test_the_environment_of_the_image_consists_of_settings() -> None:
    environment = IMAGE.last.environment()
    assert {name for name in environment if name.startswith("LOOPLY_")} <= VARIABLES
    settings = load_settings(environment={name: text for name, text in environment.items() if name in VARIABLES})
    assert str(settings.port) == IMAGE.last.all("EXPOSE")[-1].rest


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """Yields the port of a server that answers every call with `status`, and the requested paths."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name is the library's

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_the_image_is_healthy_while_its_server_is_ready(status: int, is_healthy: bool) -> None:
    word, *command = IMAGE.last.all("HEALTHCHECK")[-1].rest.split(" ", 1)
    (text,) = command
    code = re.search(r'"-c", "(.*)"\]$', text)
    assert word == "CMD"
    assert code is not None
    with answering(status) as (port, asked):
        script = code[1].replace('\\"', '"')
        environment = {**os.environ, "LOOPLY_PORT": str(port)}
        done = subprocess.run([os.sys.executable, "-c", script], env=environment, check=False, capture_output=True)
    assert (done.returncode == 0) is is_healthy
    assert set(asked) <= {route.path for route in HEALTH_ROUTES}
    assert len(asked) == 1


# The locks


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (
            "distributed.txt",
            [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["distributed"]],
        ),
        ("build.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_a_lock_of_the_image_pins_what_is_needed(lock: str, expected: list[str]) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, expected):
        assert requirement.specifier.contains(pinned[requirement.name].version), requirement


@pytest.mark.parametrize("lock", ["distributed.txt", "build.txt"])
def test_the_image_has_the_versions_that_the_tests_run_with(lock: str) -> None:
    tested = pins("dev.txt")
    assert {name: pin for name, pin in pins(lock).items() if tested.get(name) != pin} == {}


@pytest.mark.parametrize("lock", ["dev.txt", "run.txt", "distributed.txt", "build.txt"])
def test_every_line_of_a_lock_has_a_hash_and_make_lock_writes_it(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert len(pins(lock)) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert f"-o requirements/{lock}" in (ROOT / "Makefile").read_text(encoding="utf-8")


# The examples of settings


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_of_settings_is_accepted_with_the_secrets_that_it_asks_for(file: Path) -> None:
    secrets = dict(re.findall(r"^#     (LOOPLY_[A-Z_]+)='(\S+)'", file.read_text(encoding="utf-8"), re.MULTILINE))
    settings = load_settings(file=file, environment=secrets)
    assert (settings.engine, settings.host) == (file.stem, "127.0.0.1")
    assert settings.database is None or conninfo_to_dict(settings.database.reveal())["sslmode"] == "verify-full"
    assert {name for name in secrets if not TABLE[name.removeprefix("LOOPLY_").lower()].is_secret} == set()


def test_there_is_an_example_for_every_engine() -> None:
    # An unknown engine is refused with the names of the existing ones.
    with pytest.raises(ValueError, match="one of ") as refusal:
        TABLE["engine"].parse("")
    assert sorted(str(refusal.value).removeprefix("one of ").split(", ")) == [file.stem for file in EXAMPLES]


# The secrets


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    script = str(DEPLOY / "make-secrets.sh")
    return subprocess.run(["sh", script, str(folder)], check=False, capture_output=True, text=True, timeout=60)


def test_the_made_secrets_are_accepted_and_fit_each_other(tmp_path: Path) -> None:
    assert make_secrets(tmp_path).returncode == 0
    made = tomllib.loads((tmp_path / "secrets" / "looply.toml").read_text(encoding="utf-8"))
    assert len(parse_keys(made["encryption_key"])) == 1
    assert conninfo_to_dict(made["database"])["password"] == (tmp_path / "secrets" / "database-password").read_text()


def test_secrets_are_random_and_private(tmp_path: Path) -> None:
    texts = set()
    for folder in (tmp_path / "a", tmp_path / "b"):
        make_secrets(folder)
        files = [folder / ".env", folder / "secrets" / "looply.toml", folder / "secrets" / "database-password"]
        texts |= {file.read_text() for file in files}
        assert (folder / "secrets").stat().st_mode & 0o777 == 0o700
        assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    assert len(texts) == 6


def test_existing_secrets_are_kept(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    again = make_secrets(tmp_path)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
