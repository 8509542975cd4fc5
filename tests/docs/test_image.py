"""`make image` builds and runs the container image where an engine works, and says that it did not where none does."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make_image(programs: Path) -> subprocess.CompletedProcess[str]:
    """Runs `make image` where the given programs, `make` and `sh` are all that there is."""
    for name in ("make", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    command = [programs / "make", "--no-print-directory", "image"]
    environment = {**os.environ, "PATH": str(programs)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def add_engine(programs: Path, name: str, fails: str = "none") -> None:
    """Adds an engine that writes its arguments, and one of whose commands fails."""
    script = programs / name
    script.write_text(f'#!/bin/sh\n[ "$1" = info ] || echo {name} "$@"\n[ "$1" != {fails} ] || exit 1\n')
    script.chmod(0o755)


def test_where_no_engine_works_it_says_so_and_succeeds(tmp_path: Path) -> None:
    done = make_image(tmp_path)
    assert done.returncode == 0
    assert done.stdout == "The container image was not built: neither docker nor podman works here.\n"


@pytest.mark.parametrize(("engine", "options"), [("docker", ""), ("podman", "--format docker ")])
def test_an_engine_builds_the_image_and_runs_it_once(tmp_path: Path, engine: str, options: str) -> None:
    add_engine(tmp_path, engine)
    done = make_image(tmp_path)
    assert done.returncode == 0, done.stderr
    *pulls, build, run = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in pulls] == [
        f"{engine} pull --quiet docker.io/library/node",
        f"{engine} pull --quiet docker.io/library/python",
    ]
    assert [build, run] == [
        f"{engine} build {options}-f deploy/Containerfile -t looply:checked .",
        f"{engine} run --rm looply:checked --version",
    ]


def test_an_image_that_cannot_be_built_is_a_failure(tmp_path: Path) -> None:
    add_engine(tmp_path, "docker", fails="build")
    assert make_image(tmp_path).returncode != 0


def test_where_the_base_images_cannot_be_pulled_it_says_so_and_succeeds(tmp_path: Path) -> None:
    add_engine(tmp_path, "docker", fails="pull")
    done = make_image(tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("The container image was not built: docker works, but cannot pull")
