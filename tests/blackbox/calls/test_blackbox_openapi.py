"""The server against its own description: generated calls meet no defect, no undescribed status, no other shape."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import ASKING, CARDING
from blackbox.harness.launcher import Server

COMMAND = str(Path(sys.executable).with_name("schemathesis"))
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
]
SEED = 20261124


LEAST_CASES = 300
STREAMS = "/watch[A-Z]"
"""A stream continues until its reader disconnects."""


def without_examples(part: Any) -> Any:
    """Returns a part of a description without the examples of its parameters and bodies."""
    if isinstance(part, dict):
        described = "schema" in part
        return {name: without_examples(one) for name, one in part.items() if not (described and name == "example")}
    return [without_examples(one) for one in part] if isinstance(part, list) else part


def run(server: Server, org: Organization, folder: Path, phases: str, excluded: str = STREAMS) -> None:
    """Runs the generator in a folder that may hold its configuration.

    It gets the description without examples: it would prefer them to what it generates, and their ids name nothing.
    """
    description = folder / "openapi.json"
    description.write_text(json.dumps(without_examples(httpx2.get(f"{server.address}/openapi.json").json())))
    done = subprocess.run(
        [
            *(COMMAND, "run", str(description), "--url", server.address),
            *("--header", f"x-api-key: {org.key}"),
            *("--checks", ",".join(CHECKS)),
            *("--phases", phases),
            *("--max-examples", "10"),
            *("--seed", str(SEED)),
            *("--request-timeout", "30"),
            *("--exclude-path-regex", excluded),
            "--continue-on-failure",
            "--no-color",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    generated = re.search(r"([0-9,]+) generated", done.stdout)
    assert generated is not None, done.stdout[-2000:]
    assert int(generated[1].replace(",", "")) > LEAST_CASES
    assert "request_broke" not in server.log_text()


@pytest.mark.timeout(600)
def test_generated_calls_meet_what_the_description_promises(server: Server, org: Organization, tmp_path: Path) -> None:
    run(server, org, tmp_path, "examples,coverage,fuzzing")


@pytest.mark.timeout(600)
def test_generated_calls_on_things_that_exist_meet_what_the_description_promises(
    server: Server, org: Organization, tmp_path: Path
) -> None:
    asking, carding = org.create(ASKING), org.create(CARDING)
    execution_id = org.trigger(asking, process_id="P1")
    org.until(carding, org.trigger(carding, {"po": "1"}), "WAITING")
    (card,) = org.cards()
    known = {
        "workflow_id": asking,
        "workflow_version": "1",
        "workflow_execution_id": execution_id,
        "process_id": "P1",
        "token": card["token"],
    }
    lines = [f'"{name}" = "{value}"' for name, value in known.items()]
    (tmp_path / "schemathesis.toml").write_text("\n".join(["[parameters]", *lines]))
    # What is deleted by one call would not exist for those that follow.
    run(server, org, tmp_path, "fuzzing", f"{STREAMS}|/deleteWorkflow")
    assert org.get("getOrganizationExecutions").json()["count"] > 2
