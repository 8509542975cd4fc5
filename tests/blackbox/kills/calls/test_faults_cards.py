"""A server that shows cards in a channel is killed while it does: each card arrives, and looks as it has to.

The hypothesis: a kill between a message and its record may double the message, never lose the card; the history says of
each card once that it was delivered; the messages that are known follow the last answer.
"""

import json
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blackbox.evidence.load import SEED
from blackbox.harness.client import Organization
from blackbox.harness.definitions import graph, note
from blackbox.harness.launcher import ANSWER_SECONDS, Server, doctor, new_folder
from kit.servers import card_server

EXECUTIONS = 12
KILLS = 4
PEOPLE = ["ann@example.com", "bob@example.com"]
SETTLED_SECONDS = 240.0
"""Longer than the lease of a copy whose process was killed, several times."""


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Returns what the channel has carried out; the line that a kill cut off is none."""
    found = path.read_bytes().split(b"\n") if path.exists() else []
    return [json.loads(line) for line in found if line.endswith(b"}")]


def until_settled(org: Organization, expected: int) -> list[dict[str, Any]]:
    """Waits until every open card was delivered and is up to date, and returns the open cards."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        cards = org.pages("getOpenCards")
        states = Counter((card["delivery"]["state"], card["is_stale"]) for card in cards)
        if states == {("SHOWN", False): expected}:
            return cards
        assert time.monotonic() < deadline, states
        time.sleep(0.5)


@pytest.mark.timeout(900)
def test_each_card_arrives_and_follows_its_answer_whatever_is_killed(tmp_path: Path) -> None:
    chance, messages = random.Random(SEED), tmp_path / "messages.jsonl"
    made = new_folder(tmp_path / "data")
    server = Server(tmp_path / "data", **{card_server.MESSAGES: str(messages)})
    server.prefix = (card_server.PYTHON, card_server.__file__)
    server.start()
    try:
        with httpx2.Client(base_url=server.address, timeout=ANSWER_SECONDS) as client:
            org = Organization(client, **made)
            asking = {"recipients": PEOPLE, "channel": "teams"}
            workflow_id = org.create(
                graph(
                    [{"id": "approval_1", "type": "approval", "description": "Release?", "settings": asking}, note()],
                    ("WorkflowStartState", "approval_1"),
                    ("approval_1", "note_1", "approved"),
                )
            )
            ids = []
            for number in range(EXECUTIONS):
                ids.append(org.trigger(workflow_id, {"n": number}))
                if number % (EXECUTIONS // KILLS) == 0:
                    time.sleep(chance.uniform(0.0, 0.3))
                    server.kill()
                    server.start()
            cards = until_settled(org, 2 * EXECUTIONS)
            answered = [card for card in cards if card["recipient"] == PEOPLE[0]][: EXECUTIONS // 2]
            for number, card in enumerate(answered):
                reply = client.post(f"/v2/inbox/{card['token']}", json={"data": {"action": "approve"}})
                assert reply.json()["message"] == "recorded"
                if number == len(answered) // 2:
                    server.kill()
                    server.start()
            until_settled(org, 2 * EXECUTIONS - len(answered))
            closed = {card["card_id"] for card in answered}
            deadline = time.monotonic() + SETTLED_SECONDS
            while not closed <= {line["card"] for line in lines_of(messages) if line["status"] == "ANSWERED"}:
                assert time.monotonic() < deadline, "an answer does not reach its card"
                time.sleep(0.5)
            logs = [org.item(workflow_id, each)["workflow_event_log"]["events"] for each in ids]
        assert server.stop() == 0
        report = doctor(server.folder)
    finally:
        server.close()
    assert report["problems"] == []
    for events in logs:
        delivered = [entry["recipient"] for entry in events if entry["type"] == "CARD_DELIVERED"]
        assert sorted(delivered) == PEOPLE
    shown = defaultdict(list)
    for line in lines_of(messages):
        shown[line["card"]].append(line)
    assert len(shown) == 2 * EXECUTIONS
    for card_id, lines in shown.items():
        assert sum(line["sent"] for line in lines) <= 1 + KILLS + 1
        assert lines[-1]["status"] == ("ANSWERED" if card_id in closed else "OPEN")
        numbers = [line["number"] for line in lines]
        assert numbers == sorted(numbers)
