"""Dead letters over HTTP: they are listed, shown, and settled once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from server_kit import Caller, definition, note_step, wait_step

from looply.engine.shell.shell import Shell
from looply.testing.clock import FakeClock
from looply.testing.world import HANG, World

LATER = definition(
    {
        "id": "call_1",
        "type": "httpRequest",
        "settings": {"method": "POST", "url": "https://shop.example/orders", "body": "x"},
    },
    wait_step(sources=["TEAMS"]),
    wait_step("wait_2"),
    note_step(),
)
PAYLOAD = {"source": "SAP", "po": "4711"}


class Letters:
    """Creates dead letters and settles them."""

    def __init__(self, mine: Caller, world: World, shell: Shell, clock: FakeClock) -> None:
        self.mine = mine
        self._world = world
        self._shell = shell
        self._clock = clock
        self._made = 0

    async def unfit(self, process_id: str = "PO-1", document: dict[str, Any] = LATER) -> dict[str, Any]:
        """Returns the letter of an execution that waits for TEAMS."""
        self._world.script("call_1", HANG)
        workflow_id = await self.mine.create(document)
        execution_id = await self.mine.trigger(workflow_id, {}, process_id=process_id)
        self._made += 1
        call = await self._world.wait_for_call("call_1", self._made)
        kept = await self.mine.post(f"resumeWorkflow/{process_id}", {"payload": PAYLOAD})
        assert kept.json().get("buffered") is True, kept.text
        call.release()
        await self._shell.executions.wait_until_settled(execution_id, self._clock.now() + timedelta(minutes=1))
        (item,) = (await self.mine.get("getLetters", process_id=process_id)).json()["items"]
        return dict(item)

    async def open_next(self, process_id: str = "PO-1") -> None:
        """Resumes the first wait as TEAMS, so that the wait opens which accepts the letter."""
        answer = await self.mine.post(f"resumeWorkflow/{process_id}", {"payload": {"source": "TEAMS"}})
        assert answer.json()["message"] == "restarted"

    async def settle(self, letter: dict[str, Any], action: str, **more: Any) -> Any:
        return await self.mine.post("settleLetter", {"letter_id": letter["letter_id"], "action": action, **more})


@pytest.fixture
def letters(mine: Caller, world: World, shell: Shell, clock: FakeClock) -> Letters:
    return Letters(mine, world, shell, clock)


async def test_a_letter_is_listed_and_shown_with_its_payload(letters: Letters) -> None:
    item = await letters.unfit()
    assert (item["process_id"], item["reason"], item["source"], item["action"]) == ("PO-1", "UNFIT", "SAP", None)
    shown = (await letters.mine.get("getLetter", letter_id=item["letter_id"])).json()["item"]
    assert shown == {**item, "payload": PAYLOAD, "why": shown["why"]}
    assert "SAP" in shown["why"]


async def test_a_letter_says_which_open_wait_accepts_it_now(letters: Letters) -> None:
    item = await letters.unfit()
    waits = (await letters.mine.get("getLetter", letter_id=item["letter_id"])).json()["waits"]
    assert [(wait["state"], wait["is_fit"]) for wait in waits] == [("wait_1", False)]
    assert "SAP" in waits[0]["why"]
    await letters.open_next()
    (wait,) = (await letters.mine.get("getLetter", letter_id=item["letter_id"])).json()["waits"]
    assert (wait["state"], wait["visit"], wait["is_fit"], wait["why"], wait["errors"]) == ("wait_2", 1, True, None, [])
    settled = await letters.settle(item, "apply", wait_token=wait["wait_token"])
    assert settled.json()["message"] == "settled"
    assert (await letters.mine.get("getLetter", letter_id=item["letter_id"])).json()["waits"] == []


async def test_a_letter_says_what_of_it_a_wait_does_not_accept(letters: Letters) -> None:
    schema = {"type": "object", "required": ["quantity"]}
    item = await letters.unfit(
        document=definition(LATER["workflow_steps"][1], wait_step(sources=["SAP"], schema=schema), note_step())
    )
    (wait,) = (await letters.mine.get("getLetter", letter_id=item["letter_id"])).json()["waits"]
    assert not wait["is_fit"]
    assert any("quantity" in error["message"] for error in wait["errors"])


async def test_an_applied_letter_resumes_the_wait_and_the_log_names_the_operator(letters: Letters) -> None:
    item = await letters.unfit()
    await letters.open_next()
    settled = await letters.settle(item, "apply", reason="asked by phone")
    assert (settled.status_code, settled.json()["message"], settled.json()["action"]) == (200, "settled", "APPLIED")
    read = await letters.mine.item(item["workflow_id"], item["workflow_execution_id"])
    assert read["status"] == "COMPLETED"
    log = {entry["type"]: entry for entry in read["workflow_event_log"]["events"]}
    assert (log["LETTER_SETTLED"]["action"], log["LETTER_SETTLED"]["reason"]) == ("APPLIED", "asked by phone")
    assert log["WAIT_RESUMED"]["via"] == "LETTER"
    again = (await letters.settle(item, "apply")).json()
    assert (again["message"], again["settled_by"]) == ("already settled", settled.json()["settled_by"])
    assert again["settled_on"] == settled.json()["settled_on"]


async def test_of_32_concurrent_calls_one_settles_the_letter(letters: Letters) -> None:
    item = await letters.unfit()
    await letters.open_next()
    answers = await asyncio.gather(*(letters.settle(item, "apply") for _ in range(32)))
    assert sorted(answer.json()["message"] for answer in answers) == ["already settled"] * 31 + ["settled"]


async def test_a_letter_that_the_open_wait_refuses_stays_unsettled(letters: Letters) -> None:
    item = await letters.unfit()
    refused = await letters.settle(item, "apply")
    assert (refused.status_code, refused.json()["code"]) == (409, "SOURCE_NOT_ACCEPTED")
    (still,) = (await letters.mine.get("getLetters", settled="false")).json()["items"]
    assert still == item


async def test_a_discarded_letter_cannot_be_applied_and_the_refusal_names_operator_and_time(letters: Letters) -> None:
    item = await letters.unfit()
    assert (await letters.settle(item, "discard")).json()["action"] == "DISCARDED"
    refused = await letters.settle(item, "apply")
    assert (refused.status_code, refused.json()["code"]) == (409, "LETTER_SETTLED")
    assert "discarded by" in refused.json()["message"]
    assert (await letters.mine.get("getLetters", settled="false")).json()["items"] == []
    (after,) = (await letters.mine.get("getLetters", settled="true")).json()["items"]
    assert after["action"] == "DISCARDED"


async def test_a_letter_of_a_terminated_execution_is_refused_with_the_reason(letters: Letters) -> None:
    item = await letters.unfit()
    await letters.mine.post("terminateWorkflow/PO-1")
    refused = await letters.settle(item, "apply")
    assert (refused.status_code, refused.json()["code"]) == (409, "TERMINATED")
    assert refused.json()["message"] == f"letter {item['letter_id']} cannot be applied: the execution was terminated"


async def test_letters_are_listed_page_by_page(letters: Letters) -> None:
    made = [await letters.unfit(f"PO-{n}") for n in range(3)]
    first = (await letters.mine.get("getLetters", limit=2)).json()
    assert [item["letter_id"] for item in first["items"]] == [made[2]["letter_id"], made[1]["letter_id"]]
    rest = (await letters.mine.get("getLetters", limit=2, **first["lastKey"])).json()
    assert ([item["letter_id"] for item in rest["items"]], "lastKey" in rest) == ([made[0]["letter_id"]], False)


async def test_a_secret_answer_is_masked_and_can_be_applied(letters: Letters) -> None:
    call, first, second, note = LATER["workflow_steps"][1:]
    document = definition(call, first, {**second, "secret": ["/output/po"]}, note)
    item = await letters.unfit(document=document)
    shown = await letters.mine.get("getLetter", letter_id=item["letter_id"])
    assert "4711" not in shown.text
    await letters.open_next()
    assert (await letters.settle(item, "apply")).json()["message"] == "settled"


async def test_a_letter_of_another_organization_does_not_exist(letters: Letters, theirs: Caller) -> None:
    item = await letters.unfit()
    unknown = f"{item['workflow_execution_id']}:1"
    for letter_id in (item["letter_id"], unknown, "x", "01900000-0000-7000-8000-0000000000ff:0"):
        read = await theirs.get("getLetter", letter_id=letter_id)
        settled = await theirs.post("settleLetter", {"letter_id": letter_id, "action": "discard"})
        assert [(each.status_code, each.json()["code"]) for each in (read, settled)] == [(404, "LETTER_NOT_FOUND")] * 2
    assert (await theirs.get("getLetters")).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"letter_id": "x"}, "BAD_CURSOR"),
        ({"reason": "LATE"}, "BAD_REASON"),
        ({"settled": "maybe"}, "BAD_FLAG"),
        ({"workflow_id": "x"}, "INCORRECT_WORKFLOW_ID"),
        ({"workflow_execution_id": "x"}, "INCORRECT_EXECUTION_ID"),
        ({"limit": "0"}, "BAD_LIMIT"),
    ],
)
async def test_an_invalid_query_is_400(mine: Caller, query: dict[str, str], code: str) -> None:
    answer = await mine.get("getLetters", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert code != "BAD_CURSOR" or answer.json()["message"].endswith("; send all fields of lastKey unchanged")


async def test_a_reason_that_is_too_long_is_400(mine: Caller) -> None:
    answer = await mine.post("settleLetter", {"letter_id": "x", "action": "discard", "reason": "x" * 2001})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "/reason")
