"""Numbers after a kill: a server that is killed between two calls has a successor with every digit.

The hypothesis: 10,000 decimals of 31 digits that a server was given, read from SAP and computed before it was killed
are sent by its successor as they came, and shown as they came.
"""

import hashlib
import json
import random
import time
from pathlib import Path

import httpx2

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, http, note, sap, wait
from blackbox.harness.launcher import Server, init
from blackbox.harness.sink import Sink
from kit.sap_metadata import V2

COUNT = 10_000
KILLS = 5


def amounts(chance: random.Random) -> list[str]:
    return [f"{chance.randrange(10**27, 10**28)}.{chance.randrange(1000):03}" for _ in range(COUNT)]


def test_no_digit_is_lost_with_the_process(tmp_path: Path, sink: Sink) -> None:
    chance = random.Random(20261128)
    given, read = amounts(chance), amounts(chance)
    root = f"/numbers-{time.time_ns()}"
    sink.script(f"{root}/$metadata", {"text": V2.decode(), "headers": {"content-type": "application/xml"}})
    sink.script(f"{root}/", {"headers": {"x-csrf-token": "token-0001"}})
    sink.script(f"{root}/Orders", {"body": {"d": {"results": [{"Amount": text} for text in read]}}})
    sink.script(f"{root}/Copies", {"status": 204, "text": ""})
    sink.script(f"{root}/plain", {"status": 204, "text": ""})
    flow = definition(
        note("kept", "${select(payload.output.amounts, x, x + 0)}"),
        sap("read", service_path=root, entity="Orders"),
        *(wait(f"wait_{number}") for number in range(KILLS)),
        sap("write", service_path=root, entity="Copies", method="POST", body="${read.output.data.d}"),
        http(f"{sink.address}{root}/plain", "plain", "POST", body="${payload.output.kept}"),
    )
    made = init(tmp_path / "data")
    server = Server(tmp_path / "data", [f"127.0.0.1:{sink.port}"]).start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            settings = {"base_url": sink.address, "user": "looply"}
            body = {"name": "S4", "kind": "sap", "settings": settings, "secrets": {"password": "pw"}}
            assert org.post("createConnection", body).status_code == 200
            workflow_id = org.create(flow)
            answer = org.post(
                f"triggerworkflow/{workflow_id}",
                content=f'{{"amounts":[{",".join(given)}]}}'.encode(),
                headers={"content-type": "application/json"},
            )
            execution_id = answer.json()["looply_execution_id"]
            sink.wait_for(f"{root}/Orders")
            for number in range(KILLS):
                org.until(workflow_id, execution_id, "WAITING")
                server.kill()
                server.start()
                assert org.resume(execution_id, number=number).status_code == 200
            org.until(workflow_id, execution_id, "COMPLETED")
            shown = org.get(
                "getWorkflowExecutionById", workflow_id=workflow_id, workflow_execution_id=execution_id
            ).text
    finally:
        server.close()
    rows = json.dumps({"results": [{"Amount": text} for text in read]}, separators=(",", ":"))
    for path, sent in (("Copies", rows), ("plain", f"[{','.join(given)}]")):
        (line,) = sink.lines(f"{root}/{path}")
        assert line["hash"] == hashlib.sha256(sent.encode()).hexdigest()
    assert f"[{','.join(given)}]" in shown
