"""Alert rules and dashboard of `deploy`, against the metrics of a running server and a Prometheus that scrapes it."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, note, wait
from blackbox.harness.launcher import ANSWER_SECONDS, Server, new_folder
from kit.servers.held_port import HeldPort

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = DEPLOY / "prometheus" / "looply-alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "looply-dashboard.json"
TOKEN = "a-token-of-the-monitoring"
DEADLINE_SECONDS = 120.0

pytestmark = pytest.mark.timeout(300)


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}, which comes with Prometheus")


def alerts() -> dict[str, str]:
    """Returns the expression of each alert."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def queries() -> list[str]:
    """Returns the expressions of the dashboard, with the values that Grafana puts in."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    return [expression.replace("$job", "looply").replace("$__rate_interval", "1m") for expression in found]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which an execution has ended, one waits, and one calls a system that does not answer."""
    folder = tmp_path_factory.mktemp("monitored") / "data"
    made = new_folder(folder)
    silent = socket.create_server(("127.0.0.1", 0))
    place = f"127.0.0.1:{silent.getsockname()[1]}"
    found = Server(folder, (place,), LOOPLY_METRICS_TOKEN=TOKEN)
    try:
        found.start()
        with found.connect() as client:
            organization = Organization(client, **made)
            organization.run(definition(note()), None, "COMPLETED")
            organization.run(definition(wait()), None, "WAITING")
            organization.trigger(organization.create(definition(http(f"http://{place}/", fail_on=["4xx"]))))
        yield found
    finally:
        found.close()
        silent.close()


@pytest.fixture(scope="module")
def metrics(server: Server) -> str:
    """The text of `/metrics`, once the store was counted with all executions in it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        headers = {"authorization": f"Bearer {TOKEN}"}
        text = httpx2.get(f"{server.address}/metrics", headers=headers, timeout=ANSWER_SECONDS).text
        if "\nlooply_effects{" in text and re.search(r"^looply_waits_open 1", text, re.MULTILINE):
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.1)


def test_every_metric_of_the_rules_and_the_dashboard_is_one_of_a_running_server(metrics: str) -> None:
    known = {name.removesuffix("_total") for name in re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE)}
    named = {
        re.sub(r"_(total|bucket|count|sum)$", "", name)
        for expression in (*alerts().values(), *queries())
        for name in re.findall(r"\b(?:looply|process)_[a-z_]+", expression)
    }
    assert len(named) > 20
    assert named - known == set()


@needs("promtool")
def test_promtool_accepts_the_metrics(metrics: str) -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


class Prometheus:
    """A Prometheus that scrapes a server each second and evaluates the rules of `deploy`."""

    def __init__(self, folder: Path, target: str) -> None:
        token = folder / "token"
        token.write_text(TOKEN)
        scrape = {
            "job_name": "looply",
            "authorization": {"credentials_file": str(token)},
            "static_configs": [{"targets": [target.removeprefix("http://")]}],
        }
        every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config = folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump({"global": every, "rule_files": [str(RULES)], "scrape_configs": [scrape]}))
        self._place = HeldPort()
        self.url = f"http://127.0.0.1:{self._place.number}/api/v1"
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
        command += [f"--web.listen-address=127.0.0.1:{self._place.number}", "--log.level=error"]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, cwd=folder, env={"PATH": os.environ["PATH"]}
        )

    def ask(self, path: str, **query: str) -> Any:
        """Returns the data of an answer."""
        answer = httpx2.get(f"{self.url}/{path}", params=query, timeout=ANSWER_SECONDS).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def until_evaluated(self) -> list[dict[str, Any]]:
        """Returns the rules, once each was evaluated after a scrape."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            assert self._process.poll() is None, Path(self._log.name).read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            if self._is_ready():
                (up,) = self.ask("query", query='up{job="looply"}')["result"] or [None]
                rules = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
                if up is not None and up["value"][1] == "1" and rules and all(rule["evaluationTime"] for rule in rules):
                    return rules
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        """Whether it answers queries: while it starts, it answers 503 or nothing."""
        try:
            return httpx2.get(self.url.replace("/api/v1", "/-/ready"), timeout=ANSWER_SECONDS).status_code == 200
        except httpx2.TransportError:
            return False

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._log.close()


@pytest.fixture
def prometheus(server: Server, metrics: str, tmp_path: Path) -> Iterator[Prometheus]:
    found = Prometheus(tmp_path, server.address)
    yield found
    found.close()


@needs("prometheus")
def test_prometheus_evaluates_every_rule_and_every_query_of_the_dashboard(prometheus: Prometheus) -> None:
    rules = prometheus.until_evaluated()
    assert {rule["name"]: (rule["health"], rule.get("lastError")) for rule in rules} == dict.fromkeys(
        alerts(), ("ok", None)
    )
    # Nothing is wrong with the server, so that nothing fires.
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []
    shown = {query: prometheus.ask("query", query=query)["result"] for query in queries()}
    # A rate needs two scrapes between which something happened.
    assert [query for query, rows in shown.items() if not rows and not re.search(r"rate\(|increase\(", query)] == []
