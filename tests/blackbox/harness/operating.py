"""The commands of an operator against a distributed installation."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blackbox.harness.launcher import run

COMMAND_SECONDS = 300.0
"""Timeout of a command."""


class Operating:
    """Runs commands of the product in a folder without a data folder, with the settings of the installation."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment

    def of_release(self, environment: Mapping[str, str]) -> "Operating":
        """Returns the commands of another release, which has this environment."""
        return Operating(self._folder, {**self._environment, **environment})

    def init(self) -> dict[str, str]:
        """Creates the tables and the first organization; returns its ids and its key."""
        made: dict[str, str] = json.loads(self._succeed("init", "--json"))
        return made

    def add_organizations(self, count: int) -> list[dict[str, str]]:
        """Adds organizations; returns the result of `init` for each."""
        names = [f"Organization {number}" for number in range(count)]
        kept = ("organization_id", "workspace_id", "api_key")
        items = json.loads(self._succeed("organization", "create", *names, "--json"))["items"]
        return [{name: made[name] for name in kept} for made in items]

    def master_keys(self) -> list[dict[str, Any]]:
        """Returns the master keys, the newest last, as `looply master-key status` shows them."""
        shown: list[dict[str, Any]] = json.loads(self._succeed("master-key", "status", "--json"))["master_keys"]
        return shown

    def doctor(self) -> dict[str, Any]:
        """Returns the document of `looply doctor`."""
        done = self._run("doctor", "--json")
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (1 if report["problems"] else 0), done.stderr
        return report

    def _succeed(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(*arguments, seconds=COMMAND_SECONDS, folder=self._folder, **self._environment)
