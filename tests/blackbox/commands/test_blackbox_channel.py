"""A channel of another distribution, on the path of a server: it brings cards, and their answers move the execution,
by the link of a card or by what its system signs and sends.

Its code is `tests/plugins/looply_pager.py`, which `docs/how-to/write-a-channel.md` shows.
"""

import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import CARD, card, definition, note
from blackbox.harness.launcher import Server, new_folder
from blackbox.harness.sink import Sink

PLUGINS = Path(__file__).parents[2] / "plugins"
TOKEN = "canary-pager-71c2"
SIGNING_KEY = "canary-pager-key-0d8e"


class Paged:
    """A server with the channel, and an organization with a connection to the pager."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.made = new_folder(folder)
        self.server = Server(folder, [f"127.0.0.1:{sink.port}"], PYTHONPATH=str(PLUGINS)).start()
        self.client = self.server.connect()
        self.org = Organization(self.client, **self.made)
        settings = {"base_url": f"{sink.address}/pager"}
        secrets = {"token": TOKEN, "signing_key": SIGNING_KEY}
        made = self.org.post(
            "createConnection", {"name": "PAGER", "kind": "pager", "settings": settings, "secrets": secrets}
        )
        assert made.status_code == 200, made.text
        self.address = f"{self.server.address}/v2/receive/{made.json()['item']['connection_id']}/pager"

    def send(self, content: bytes, key: str = SIGNING_KEY) -> httpx2.Response:
        """Sends what the pager sends, signed by a key."""
        stamp = str(int(time.time()))
        signature = hmac.new(key.encode(), stamp.encode() + b"." + content, "sha256").hexdigest()
        headers = {"x-pager-time": stamp, "x-pager-signature": signature}
        return httpx2.post(self.address, content=content, headers=headers, timeout=60)

    def close(self) -> None:
        """Ends client and server."""
        self.client.close()
        self.server.close()


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Paged]:
    found = Paged(tmp_path_factory.mktemp("paged") / "data", sink)
    yield found
    found.close()


def asking(channel: str = "pager", **settings: Any) -> dict[str, Any]:
    """A workflow that asks Ann by the channel."""
    return definition(card(channel=channel, **settings), note("done", "${card_1.output.response.data.action}"))


def pages(sink: Sink, count: int) -> list[dict[str, Any]]:
    """Returns the bodies of the pages of this test, once there are so many."""
    return [json.loads(line["body"]) for line in sink.wait_for("/pager/pages/", count)]


def test_a_card_is_brought_answered_by_its_link_and_brought_again_as_closed(paged: Paged, sink: Sink) -> None:
    before = len(sink.lines("/pager/pages/"))
    workflow_id = paged.org.create(asking())
    execution_id = paged.org.trigger(workflow_id, {"po": 7})
    page = pages(sink, before + 1)[-1]
    assert (page["to"], page["status"]) == ("ann@example.com", "OPEN")
    line = sink.lines("/pager/pages/")[-1]
    assert line["headers"]["authorization"] == f"Bearer {TOKEN}"
    path, _, token = page["link"].rpartition("/")
    assert path == f"{paged.server.address}/inbox"
    answered = httpx2.post(f"{paged.server.address}/v2/inbox/{token}", json={"data": {"action": "approve"}}, timeout=60)
    assert answered.status_code == 200, answered.text
    item = paged.org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["payload"]["output"]["done"] == "approve"
    last = pages(sink, before + 2)[-1]
    assert last["status"] == "ANSWERED"
    assert "link" not in last
    assert sink.lines("/pager/pages/")[-1]["path"] == line["path"]


def test_a_press_that_the_system_of_the_channel_signs_answers_the_card_and_a_forged_one_does_not(
    paged: Paged, sink: Sink
) -> None:
    before = len(sink.lines("/pager/pages/"))
    workflow_id = paged.org.create(asking())
    execution_id = paged.org.trigger(workflow_id, {"po": 8})
    page = pages(sink, before + 1)[-1]
    press = {"token": page["token"], "person": page["to"], "button": "reject", "revision": page["revision"]}
    content = json.dumps(press).encode()
    forged = paged.send(content, "another key")
    assert (forged.status_code, forged.json()["message"]) == (403, "Forbidden")
    assert paged.org.item(workflow_id, execution_id)["status"] == "WAITING"
    answers = [paged.send(content) for _ in range(2)]
    assert [(each.status_code, each.text) for each in answers] == [(200, "OK")] * 2
    item = paged.org.until(workflow_id, execution_id, "COMPLETED")
    assert item["workflow_output_payload"]["card_1"]["output"]["response"] == {
        "user": "ann@example.com",
        "data": {"action": "reject"},
    }


def test_a_channel_that_is_not_installed_is_refused_and_the_installed_ones_are_named(paged: Paged) -> None:
    refused = paged.org.post("createWorkflow", {"definition": asking("carrier_pigeon")})
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert problem["path"] == "/workflow_steps/1/settings/channel"
    assert problem["message"] == "the channel 'carrier_pigeon' is not available in this installation"
    assert problem["hint"] == "use 'email' or 'inbox' or 'pager' or 'teams'"
    assert paged.org.get("getStepTypes").json()["channels"] == ["inbox", "email", "pager", "teams"]


def test_what_the_channel_does_not_show_of_a_card_is_a_warning(paged: Paged) -> None:
    pictured = {**CARD, "body": [*CARD["body"], {"type": "Image", "url": "https://example.com/a.png"}]}
    made = paged.org.post("createWorkflow", {"definition": asking(card=pictured)})
    assert made.status_code == 200, made.text
    found = {each["path"]: each["message"] for each in made.json()["warnings"]}
    assert found["/workflow_steps/1/settings/card/body/2"].startswith("a page shows no picture")
