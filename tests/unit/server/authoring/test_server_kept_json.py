"""Values at the limits of the parser, in every kind of stored JSON, are read back after a restart on a file."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from server_kit import ALL_SCOPES, CARD, PUBLIC_URL, START, Caller, card_step, definition, note_step, wait_step

from looply.app.administration.proof import prove
from looply.bootstrap import open_application
from looply.catalog.tenants.keys import KeyDraft
from looply.clock import SystemEntropy
from looply.jsontext import Json, encode_json, parse_json
from looply.limits import DEFAULT_LIMITS
from looply.server.application import build_app
from looply.settings import Settings

LEVELS = DEFAULT_LIMITS.json_levels
ODD_KEYS = ("", " ", "a.b", "a/b", "a~b", "${x}", "__proto__", "$ref", "required", "\u0000", "\U0001f600", "null", "0")
LEAVES = (10**63, -(10**63), 2**53 + 1, 0.1, 1e300, -0.0, "\u0000", "\u2028\U0001f600é", "${payload}", None, True, "")


class Place:
    """One kind of stored JSON: how a value of so many levels is written, and how it is read."""

    def __init__(self, around: int, put: Callable[..., Awaitable[Any]], read: Callable[..., Awaitable[Json]]) -> None:
        self.around = around
        self.put = put
        self.read = read


def nest(chance: random.Random, levels: int) -> Json:
    """Returns an object with so many levels, of objects and lists, with odd names and odd values in them."""
    value: Json = chance.choice(LEAVES)
    for level in range(levels):
        beside = {chance.choice(ODD_KEYS): chance.choice(LEAVES) for _ in range(chance.randrange(3))}
        is_list = level < levels - 1 and chance.random() < 0.4
        value = [value, *beside.values()] if is_list else {**beside, chance.choice(ODD_KEYS) or "k": value}
    return value


def wide(chance: random.Random, size: int) -> Json:
    """Returns an object of nearly so many bytes, full of small members."""
    rows = [{chance.choice(ODD_KEYS): chance.choice(LEAVES)} for _ in range(size // 90)]
    return {"rows": rows, "filler": "x" * (size - len(encode_json(rows)) - 40)}


async def answer_json(answer: httpx2.Response) -> Any:
    assert answer.status_code == 200, answer.text[:500]
    return answer.json()


def places(caller: Caller) -> Iterator[tuple[str, Place]]:  # noqa: PLR0915 - a table of small functions
    """Yields every kind of stored JSON by its name."""
    kept: dict[str, Any] = {}

    async def post(name: str, body: Json) -> Any:
        return await answer_json(
            await caller.post(name, content=encode_json(body), headers={"content-type": "application/json"})
        )

    async def item(name: str) -> Any:
        return await caller.item(*kept[name])

    async def start(name: str, document: dict[str, Any], body: Json) -> None:
        workflow_id = await caller.create(document)
        answer = await post(f"triggerworkflow/{workflow_id}", body)
        kept[name] = (workflow_id, answer["looply_execution_id"])
        await asyncio.wait_for(wait_until_settled(caller, *kept[name]), 60)

    async def trigger(value: Json) -> None:
        await start("trigger", definition(note_step()), value)

    async def trigger_list(value: Json) -> None:
        await start("trigger list", definition(note_step()), [value])

    async def read_list() -> Json:
        return (await item("trigger list"))["workflow_input_payload"]["body"][0]

    async def read_trigger() -> Json:
        return caller_part((await item("trigger"))["workflow_output_payload"]["payload"]["output"])

    async def mock(value: Json) -> None:
        kept["mock"] = await caller.create(definition(note_step()))
        await post(f"triggerworkflow/{kept['mock']}?test=true", value)

    async def read_mock() -> Json:
        read = await answer_json(
            await caller.get("getWorkflowSchemaById", workflow_id=kept["mock"], workflow_version="1")
        )
        return read["item"]["workflow_mock_payload"]

    async def profile(value: Json) -> None:
        kept["profile"] = await caller.create(definition(note_step(value="${environment}")))
        await post("createProfile", {"workflow_id": kept["profile"], "name": "dev", "values": value})

    async def read_profile() -> Json:
        (found,) = (await answer_json(await caller.get("getProfiles", workflow_id=kept["profile"])))["items"]
        return found["values"]

    async def datastore(value: Json) -> None:
        await post("putDatastore", {"name": "store", "value": value})

    async def read_datastore() -> Json:
        return (await answer_json(await caller.get("getDatastore", name="store")))["item"]["value"]

    async def card(value: Json) -> None:
        kept["card"] = (await post("createCard", {"card_name": "Card", "card_payload": value}))["item"]["card_id"]

    async def read_card() -> Json:
        path = "/v1/adaptive-cards/getCardById"
        return (await answer_json(await caller.get(path, card_id=kept["card"], card_version="1")))["item"][
            "card_payload"
        ]

    async def integrations(value: Json) -> None:
        document = {**definition(note_step()), "workflow_integrations": value}
        kept["definition"] = (await post("createWorkflow", {"definition": document}))["item"]["workflow_id"]

    async def read_integrations() -> Json:
        read = await answer_json(
            await caller.get("exportWorkflow", workflow_id=kept["definition"], workflow_version="1")
        )
        return read["definition"]["workflow_integrations"]

    async def resume(value: Json) -> None:
        await start("resume", definition(wait_step(), note_step()), None)
        await post(f"resumeworkflow/{kept['resume'][1]}", {"payload": {"source": "SAP", "body": value}})

    async def read_resume() -> Json:
        return (await item("resume"))["workflow_output_payload"]["wait_1"]["output"]["body"]

    async def letter(value: Json) -> None:
        sorted_wait = wait_step(sources=["TEAMS"])
        document = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}, sorted_wait)
        workflow_id = await caller.create(document)
        answer = await post(f"triggerworkflow/{workflow_id}", None)
        kept["letter"] = (workflow_id, answer["looply_execution_id"])
        await post(f"resumeworkflow/{kept['letter'][1]}", {"payload": {"source": "SAP", "body": value}})
        await post(f"terminateworkflow/{kept['letter'][1]}", {})

    async def read_letter() -> Json:
        (line,) = (await answer_json(await caller.get("getLetters")))["items"]
        return (await answer_json(await caller.get("getLetter", letter_id=line["letter_id"])))["item"]["payload"][
            "body"
        ]

    async def inbox(value: Json) -> None:
        entered = {"type": "Input.Text", "id": "entered", "isMultiline": True}
        card = {**CARD, "body": [entered], "actions": [{"type": "Action.Submit", "title": "OK"}]}
        await start("inbox", definition(card_step(card=card), note_step()), None)
        (shown,) = (await answer_json(await caller.get("getOpenCards")))["items"]
        await post(f"/v2/inbox/{shown['token']}", {"data": {"entered": encode_json(value).decode()}})

    async def read_inbox() -> Json:
        output = (await item("inbox"))["workflow_output_payload"]["card_1"]["output"]
        return parse_json(output["response"]["data"]["entered"].encode())

    async def function(value: Json) -> None:
        code = {"language": "python", "code": "return input", "input": "${payload.output.body}"}
        await start("function", definition({"id": "function_1", "type": "function", "settings": code}), {"body": value})

    async def read_function() -> Json:
        return (await item("function"))["workflow_output_payload"]["function_1"]["output"]

    async def override(value: Json) -> None:
        await start("override", definition(note_step(value="${payload.output.body}")), {"body": value})

    async def read_override() -> Json:
        return (await item("override"))["workflow_output_payload"]["payload"]["output"]["note_1"]

    async def loop(value: Json) -> None:
        settings = {"items": "${payload.output.rows}"}
        document = {
            "workflow_name": "Loop",
            "workflow_steps": [
                START,
                {"id": "forEach_1", "type": "forEach", "settings": settings},
                note_step(value="${item}"),
            ],
            "workflow_connections": [
                {"from": "WorkflowStartState", "to": "forEach_1"},
                {"from": "forEach_1", "to": "note_1", "branch": "each"},
            ],
        }
        await start("loop", document, {"rows": [value]})

    async def read_loop() -> Json:
        return (await item("loop"))["workflow_output_payload"]["payload"]["output"]["rows"][0]

    async def child(value: Json) -> None:
        kept["callee"] = await caller.create(definition(note_step(), name="ChildTarget"))
        settings = {"workflow_id": kept["callee"], "payload": "${payload.output.body}"}
        step = {"id": "subworkflow_1", "type": "subworkflow", "settings": settings}
        await start("child", definition(step), {"body": value})

    async def read_child() -> Json:
        output = (await item("child"))["workflow_output_payload"]["subworkflow_1"]["output"]["output"]
        return {name: part for name, part in caller_part(output).items() if name != "note_1"}

    async def document(value: Json) -> None:
        broken = {
            "id": "note_1",
            "type": "overridePayload",
            "settings": {"parameters": [{"name": "a", "value": "${int('x')}"}]},
        }
        await start("document", definition(broken), None)
        # In a list, because the edit is a merge patch, in which null removes a member.
        body = {"workflow_execution_id": kept["document"][1], "action": "edit", "reason": "test"}
        await post("repairExecution", {**body, "document": {"payload": {"output": {"edited": [value]}}}})

    async def read_document() -> Json:
        return (await item("document"))["workflow_output_payload"]["payload"]["output"]["edited"][0]

    async def search(value: Json) -> None:
        fields = {"workflow_settings": {"search_fields": ["/payload/output/po"]}}
        await start("search", {**definition(note_step()), **fields}, {"po": "4711", "body": value})

    async def read_search() -> Json:
        found = await answer_json(await caller.get("searchExecutions", **{"field.po": "4711"}))
        assert [each["workflow_execution_id"] for each in found["items"]] == [kept["search"][1]]
        return (await item("search"))["workflow_input_payload"]["body"]

    yield "trigger", Place(0, trigger, read_trigger)
    yield "trigger list", Place(1, trigger_list, read_list)
    yield "mock", Place(0, mock, read_mock)
    yield "profile", Place(1, profile, read_profile)
    yield "datastore", Place(1, datastore, read_datastore)
    yield "card", Place(1, card, read_card)
    yield "definition", Place(2, integrations, read_integrations)
    yield "resume", Place(2, resume, read_resume)
    yield "letter", Place(2, letter, read_letter)
    yield "inbox", Place(2, inbox, read_inbox)
    yield "function", Place(1, function, read_function)
    yield "override", Place(1, override, read_override)
    yield "loop", Place(2, loop, read_loop)
    yield "child", Place(1, child, read_child)
    yield "document", Place(5, document, read_document)
    yield "search", Place(1, search, read_search)


NAMES = tuple(name for name, _ in places(Caller(None, "", "", "")))  # type: ignore[arg-type]


async def wait_until_settled(caller: Caller, workflow_id: str, execution_id: str) -> None:
    while True:
        item = await caller.item(workflow_id, execution_id)
        if item["status"] != "RUNNING" and item["workflow_current_state"] != "subworkflow_1":
            return
        if item["status"] == "COMPLETED":
            return
        await asyncio.sleep(0)


def caller_part(output: dict[str, Json]) -> dict[str, Json]:
    """Returns a payload without the fields that the engine and the steps of these workflows add."""
    added = ("organization_id", "workspace_id", "executor", "note_1")
    return {name: part for name, part in output.items() if not name.startswith("workflow_") and name not in added}


@asynccontextmanager
async def served(folder: Path, *, key: list[str]) -> Any:
    """Yields a caller of a server on a data folder, with the same key after each restart."""
    async with open_application(Settings(data=folder, public_url=PUBLIC_URL)) as application:
        services = application.services
        if not key:
            ids = await services.catalog.organizations.create("Mine")
            key.extend([*ids, (await services.catalog.keys.create(*ids, KeyDraft("all", ALL_SCOPES))).text])
        transport = httpx2.ASGITransport(app=build_app(services, SystemEntropy()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://server", timeout=60) as client:
            yield Caller(client, *key), services


async def keep_and_read(folder: Path, name: str, value_of: Callable[[int], Json]) -> None:
    """Stores a value, restarts, and reads it, the lists, and the proof of the whole folder."""
    key: list[str] = []
    async with served(folder, key=key) as (caller, _):
        place = dict(places(caller))[name]
        value = value_of(LEVELS - place.around)
        await place.put(value)
        assert encode_json(await place.read()) == encode_json(value)
    async with served(folder, key=key) as (restarted, services):
        caller.client = restarted.client
        assert await place.read() == value
        for listed in ("getOrganizationExecutions", "getOrganizationWorkflows"):
            await answer_json(await restarted.get(listed))
        await answer_json(await restarted.get("searchExecutions", term="*"))
        assert not (await prove(services)).problems


@pytest.mark.parametrize("name", NAMES)
async def test_the_deepest_accepted_value_is_read_back_after_a_restart(
    tmp_path: Path, name: str, repetitions: Callable[..., int]
) -> None:
    for number in range(repetitions(1, 3, 30)):
        chance = random.Random(f"{name} {number}")
        await keep_and_read(tmp_path / str(number), name, lambda levels, chance=chance: nest(chance, levels))


async def test_the_largest_accepted_value_is_read_back_after_a_restart(
    tmp_path: Path, repetitions: Callable[..., int]
) -> None:
    size = repetitions(64 * 1024, 256 * 1024, DEFAULT_LIMITS.body_bytes - 4096)
    for name in NAMES[:: repetitions(6, 3, 1)]:
        chance = random.Random(name)
        await keep_and_read(tmp_path / name, name, lambda _, chance=chance: wide(chance, size))
