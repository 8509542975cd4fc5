"""Values at the limits of the parser, in every kind of stored JSON, are read back after a restart on a file."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import httpx2
import msgspec
import pytest
from msgspec import inspect
from server_kit import ALL_SCOPES, CARD, PUBLIC_URL, START, Caller, card_step, definition, note_step, wait_step

from looply.app.administration.proof import prove
from looply.app.context.services import Services
from looply.bootstrap import open_application
from looply.catalog.storage.json_columns import JsonText
from looply.catalog.storage.tables import metadata
from looply.catalog.tenants.keys import KeyDraft
from looply.clock import SystemEntropy
from looply.execution.facts.events import Event
from looply.jsontext import Json, encode_json, parse_json
from looply.limits import DEFAULT_LIMITS
from looply.server.application import build_app
from looply.settings import Settings

LEVELS = DEFAULT_LIMITS.json_levels
LARGEST = DEFAULT_LIMITS.body_bytes - 4096
"""Bytes of a value whose body, with what is beside it, is as long as a body may be."""

ODD_KEYS = ("", " ", "a.b", "a/b", "a~b", "${x}", "__proto__", "$ref", "required", "\u0000", "\U0001f600", "null", "0")
BROKEN = note_step(value="${int('x')}")
PATIENT = msgspec.structs.replace(DEFAULT_LIMITS, function_time=timedelta(seconds=60))
"""What is stored is looked at, not how long a busy machine computes it."""
LEAVES = (10**63, -(10**63), 2**53 + 1, 0.1, 1e300, -0.0, "\u0000", "\u2028\U0001f600é", "${payload}", None, True, "")


class Place(NamedTuple):
    """One kind of stored JSON: within how many levels a value is, how it is written, and how it is read."""

    around: int
    put: Callable[["Keeper", Json], Awaitable[None]]
    read: Callable[["Keeper"], Awaitable[Json]]


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


class Keeper:
    """A caller who stores values. `kept` has the ids of what it has made, by the name of the place."""

    def __init__(self, caller: Caller, services: Services, kept: dict[str, Any] | None = None) -> None:
        self.caller = caller
        self.services = services
        self.kept = kept if kept is not None else {}

    async def post(self, name: str, body: Json) -> Any:
        headers = {"content-type": "application/json"}
        return await answer_json(await self.caller.post(name, content=encode_json(body), headers=headers))

    async def item(self, name: str) -> Any:
        return await self.caller.item(*self.kept[name])

    async def start(self, name: str, document: dict[str, Any], body: Json) -> None:
        workflow_id = await self.caller.create(document)
        answer = await self.post(f"triggerworkflow/{workflow_id}", body)
        self.kept[name] = (workflow_id, answer["looply_execution_id"])
        await asyncio.wait_for(wait_until_settled(self.caller, *self.kept[name]), 60)


async def put_trigger(at: Keeper, value: Json) -> None:
    await at.start("trigger", definition(note_step()), value)


async def put_trigger_list(at: Keeper, value: Json) -> None:
    await at.start("trigger list", definition(note_step()), [value])


async def read_list(at: Keeper) -> Json:
    return (await at.item("trigger list"))["workflow_input_payload"]["body"][0]


async def read_trigger(at: Keeper) -> Json:
    return caller_part((await at.item("trigger"))["workflow_output_payload"]["payload"]["output"])


async def put_mock(at: Keeper, value: Json) -> None:
    at.kept["mock"] = await at.caller.create(definition(note_step()))
    await at.post(f"triggerworkflow/{at.kept['mock']}?test=true", value)


async def read_mock(at: Keeper) -> Json:
    read = await answer_json(
        await at.caller.get("getWorkflowSchemaById", workflow_id=at.kept["mock"], workflow_version="1")
    )
    return read["item"]["workflow_mock_payload"]


async def put_set_mock(at: Keeper, value: Json) -> None:
    at.kept["mock"] = await at.caller.create(definition(note_step()))
    await at.post("setMockPayload", {"workflow_id": at.kept["mock"], "workflow_version": 1, "payload": value})


async def put_profile(at: Keeper, value: Json) -> None:
    at.kept["profile"] = await at.caller.create(definition(note_step(value="${environment}")))
    await at.post("createProfile", {"workflow_id": at.kept["profile"], "name": "dev", "values": value})
    await at.caller.trigger(at.kept["profile"], profile="dev")


async def read_profile(at: Keeper) -> Json:
    (found,) = (await answer_json(await at.caller.get("getProfiles", workflow_id=at.kept["profile"])))["items"]
    return found["values"]


async def put_sample(at: Keeper, value: Json) -> None:
    at.kept["samples"] = await at.caller.create(definition(wait_step()))
    payload = {"name": "large", "body": value}
    await at.post("putSamples", {"workflow_id": at.kept["samples"], "revision": 0, "payloads": [payload]})


async def read_sample(at: Keeper) -> Json:
    item = (await answer_json(await at.caller.get("getSamples", workflow_id=at.kept["samples"])))["item"]
    return item["payloads"][0]["body"]


async def put_pinned(at: Keeper, value: Json) -> None:
    at.kept["samples"] = await at.caller.create(definition(wait_step()))
    outputs = {"wait_1": {"output": value}}
    await at.post("putSamples", {"workflow_id": at.kept["samples"], "revision": 0, "outputs": outputs})


async def read_pinned(at: Keeper) -> Json:
    item = (await answer_json(await at.caller.get("getSamples", workflow_id=at.kept["samples"])))["item"]
    return item["outputs"]["wait_1"]["output"]


async def put_datastore(at: Keeper, value: Json) -> None:
    await at.post("putDatastore", {"name": "store", "value": value})


async def read_datastore(at: Keeper) -> Json:
    return (await answer_json(await at.caller.get("getDatastore", name="store")))["item"]["value"]


async def put_card(at: Keeper, value: Json) -> None:
    at.kept["card"] = (await at.post("createCard", {"card_name": "Card", "card_payload": value}))["item"]["card_id"]


async def read_card(at: Keeper) -> Json:
    path = "/v1/adaptive-cards/getCardById"
    return (await answer_json(await at.caller.get(path, card_id=at.kept["card"], card_version="1")))["item"][
        "card_payload"
    ]


async def put_integrations(at: Keeper, value: Json) -> None:
    document = {**definition(note_step()), "workflow_integrations": value}
    at.kept["definition"] = (await at.post("createWorkflow", {"definition": document}))["item"]["workflow_id"]


async def read_integrations(at: Keeper) -> Json:
    read = await answer_json(
        await at.caller.get("exportWorkflow", workflow_id=at.kept["definition"], workflow_version="1")
    )
    return read["definition"]["workflow_integrations"]


async def put_resume(at: Keeper, value: Json) -> None:
    await at.start("resume", definition(wait_step(), note_step()), None)
    await at.post(f"resumeworkflow/{at.kept['resume'][1]}", {"payload": {"source": "SAP", "body": value}})


async def read_resume(at: Keeper) -> Json:
    return (await at.item("resume"))["workflow_output_payload"]["wait_1"]["output"]["body"]


async def put_letter(at: Keeper, value: Json) -> None:
    sorted_wait = wait_step(sources=["TEAMS"])
    document = definition({"id": "delay_1", "type": "delay", "settings": {"for": "PT1H"}}, sorted_wait)
    workflow_id = await at.caller.create(document)
    answer = await at.post(f"triggerworkflow/{workflow_id}", None)
    at.kept["letter"] = (workflow_id, answer["looply_execution_id"])
    await at.post(f"resumeworkflow/{at.kept['letter'][1]}", {"payload": {"source": "SAP", "body": value}})
    await at.post(f"terminateworkflow/{at.kept['letter'][1]}", {})


async def read_letter(at: Keeper) -> Json:
    (line,) = (await answer_json(await at.caller.get("getLetters")))["items"]
    return (await answer_json(await at.caller.get("getLetter", letter_id=line["letter_id"])))["item"]["payload"]["body"]


async def put_inbox(at: Keeper, value: Json) -> None:
    entered = {"type": "Input.Text", "id": "entered", "isMultiline": True}
    card = {**CARD, "body": [entered], "actions": [{"type": "Action.Submit", "title": "OK"}]}
    await at.start("inbox", definition(card_step(card=card), note_step()), None)
    (shown,) = (await answer_json(await at.caller.get("getOpenCards")))["items"]
    await at.post(f"/v2/inbox/{shown['token']}", {"data": {"entered": encode_json(value).decode()}})


async def read_inbox(at: Keeper) -> Json:
    output = (await at.item("inbox"))["workflow_output_payload"]["card_1"]["output"]
    return parse_json(output["response"]["data"]["entered"].encode())


async def put_function(at: Keeper, value: Json) -> None:
    code = {"language": "python", "code": "return input", "input": "${payload.output.body}"}
    await at.start("function", definition({"id": "function_1", "type": "function", "settings": code}), {"body": value})


async def read_function(at: Keeper) -> Json:
    return (await at.item("function"))["workflow_output_payload"]["function_1"]["output"]


async def put_override(at: Keeper, value: Json) -> None:
    await at.start("override", definition(note_step(value="${payload.output.body}")), {"body": value})


async def read_override(at: Keeper) -> Json:
    return (await at.item("override"))["workflow_output_payload"]["payload"]["output"]["note_1"]


async def put_loop(at: Keeper, value: Json) -> None:
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
    await at.start("loop", document, {"rows": [value]})


async def read_loop(at: Keeper) -> Json:
    return (await at.item("loop"))["workflow_output_payload"]["payload"]["output"]["rows"][0]


async def put_child(at: Keeper, value: Json) -> None:
    at.kept["callee"] = await at.caller.create(definition(note_step(), name="ChildTarget"))
    settings = {"workflow_id": at.kept["callee"], "payload": "${payload.output.body}"}
    step = {"id": "subworkflow_1", "type": "subworkflow", "settings": settings}
    await at.start("child", definition(step), {"body": value})


async def read_child(at: Keeper) -> Json:
    output = (await at.item("child"))["workflow_output_payload"]["subworkflow_1"]["output"]["output"]
    return {name: part for name, part in caller_part(output).items() if name != "note_1"}


async def put_document(at: Keeper, value: Json) -> None:
    await at.start("document", definition(BROKEN), None)
    # In a list, because the edit is a merge patch, in which null removes a member.
    body = {"workflow_execution_id": at.kept["document"][1], "action": "edit", "reason": "test"}
    await at.post("repairExecution", {**body, "document": {"payload": {"output": {"edited": [value]}}}})


async def read_document(at: Keeper) -> Json:
    return (await at.item("document"))["workflow_output_payload"]["payload"]["output"]["edited"][0]


async def put_search(at: Keeper, value: Json) -> None:
    fields = {"workflow_settings": {"search_fields": ["/payload/output/po"]}}
    await at.start("search", {**definition(note_step()), **fields}, {"po": "4711", "body": value})


async def read_search(at: Keeper) -> Json:
    found = await answer_json(await at.caller.get("searchExecutions", **{"field.po": "4711"}))
    assert [each["workflow_execution_id"] for each in found["items"]] == [at.kept["search"][1]]
    return (await at.item("search"))["workflow_input_payload"]["body"]


PLACES = {
    "trigger": Place(0, put_trigger, read_trigger),
    "trigger list": Place(1, put_trigger_list, read_list),
    "mock": Place(0, put_mock, read_mock),
    "set mock": Place(1, put_set_mock, read_mock),
    "profile": Place(1, put_profile, read_profile),
    "datastore": Place(1, put_datastore, read_datastore),
    "card": Place(1, put_card, read_card),
    "definition": Place(2, put_integrations, read_integrations),
    "resume": Place(2, put_resume, read_resume),
    "letter": Place(2, put_letter, read_letter),
    "inbox": Place(2, put_inbox, read_inbox),
    "function": Place(1, put_function, read_function),
    "override": Place(1, put_override, read_override),
    "loop": Place(2, put_loop, read_loop),
    "child": Place(1, put_child, read_child),
    "document": Place(5, put_document, read_document),
    "search": Place(1, put_search, read_search),
    "sample": Place(3, put_sample, read_sample),
    "pinned": Place(3, put_pinned, read_pinned),
}
"""Every kind of stored JSON, by its name."""

COLUMNS = {
    "api_keys.permissions": "names of permissions",
    "api_keys.scopes": "names of scopes",
    "api_keys.workflow_ids": "ids, at most 1,000",
    "audit_records.details": "ids, names and reasons, whose lengths are bounded",
    "bulks.begun": "ids of one step of the bulk",
    "bulks.options": "the options of one call, whose output is stored like one of repairExecution",
    "bulks.refusals": "codes with their counts and a few ids",
    "bulks.criteria": "a filter of short texts, or at most 1,000 ids",
    "card_versions.card_payload": "card",
    "channel_people.known": "texts of a person, each of which the channel's system bounds",
    "connections.secret_names": "names of settings of the kind",
    "connections.settings": "the members that the schema of the kind names",
    "members.groups": "names of groups, from the provider",
    "profiles.environment": "profile",
    "refused_logons.under_way": "numbers by ticket, at most three",
    "users.preferences": "texts by name, at most 16 KiB",
    "workflow_companions.content": "sample",
    "workflow_uses.places": "pointers within a definition",
    "workflow_versions.definition": "definition",
    "workflow_versions.findings": "texts of the product, at most 1,000",
    "workflow_versions.mock_payload": "set mock",
    "workflow_versions.mock_schema": "set mock",
}
"""Every column of JSON of the catalog: the place that stores its values, or what kind of JSON is possible there."""

FIELDS = {
    "AnswerRecorded.data": "inbox",
    "CardWanted.body": "a card of a definition or of the catalog, in which expressions give texts",
    "ChildStarted.input": "child",
    "Computed.input": "override",
    "Computed.output": "override",
    "Discarded.result": "function",
    "DocumentEdited.outputs": "document",
    "DocumentEdited.payload": "document",
    "ErrorCaught.error": "an incident, whose texts are bounded",
    "ExecutionStarted.body": "trigger",
    "ExecutionStarted.environment": "profile",
    "ResumeBuffered.payload": "letter",
    "ResumeIgnored.payload": "letter",
    "Resumed.output": "resume",
    "ScopeOpened.items": "loop",
    "StepFailed.output": "function",
    "StepScheduled.input": "function",
    "StepSkipped.output": "document",
    "StepSucceeded.output": "function",
    "WaitOpened.approval": "the terms of an approval, whose texts are bounded",
    "WaitTimedOut.output": "inbox",
}
"""Every field of an event that holds JSON: the place whose values have the same way into it, or as above."""


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
    added = ("organization_id", "workspace_id", "executor", "looply_sap_profile_settings", "note_1")
    return {name: part for name, part in output.items() if not name.startswith("workflow_") and name not in added}


@asynccontextmanager
async def served(folder: Path, *, key: list[str]) -> Any:
    """Yields a caller of a server on a data folder, with the same key after each restart."""
    async with open_application(Settings(data=folder, public_url=PUBLIC_URL, limits=PATIENT)) as application:
        services = application.services
        if not key:
            ids = await services.catalog.organizations.create("Mine")
            key.extend([*ids, (await services.catalog.keys.create(*ids, KeyDraft("all", ALL_SCOPES))).text])
        transport = httpx2.ASGITransport(app=build_app(services, SystemEntropy()))
        async with httpx2.AsyncClient(transport=transport, base_url="http://server", timeout=60) as client:
            yield Keeper(Caller(client, *key), services)


async def keep_and_read(folder: Path, name: str, value_of: Callable[[int], Json]) -> None:
    """Stores a value, restarts, and reads it, the lists, and the proof of the whole folder."""
    key: list[str] = []
    place = PLACES[name]
    value = value_of(LEVELS - place.around)
    async with served(folder, key=key) as keeper:
        await place.put(keeper, value)
        assert encode_json(await place.read(keeper)) == encode_json(value)
    async with served(folder, key=key) as restarted:
        restarted.kept = keeper.kept
        assert await place.read(restarted) == value
        for listed in ("getOrganizationExecutions", "getOrganizationWorkflows"):
            await answer_json(await restarted.caller.get(listed))
        await answer_json(await restarted.caller.get("searchExecutions", term="*"))
        assert not (await prove(restarted.services)).problems


def holds_json(type_: inspect.Type) -> bool:
    """Returns whether values of a type hold JSON of any form."""
    match type_:
        case inspect.AnyType():
            return True
        case inspect.UnionType(types=parts) | inspect.TupleType(item_types=parts):
            return any(map(holds_json, parts))
        case inspect.StructType(fields=fields):
            return any(holds_json(field.type) for field in fields)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return holds_json(item)
        case inspect.DictType(value_type=item):
            return holds_json(item)
        case _:
            return False


def test_every_column_and_every_field_of_an_event_that_holds_json_has_a_place() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, JsonText)
    }
    fields = {
        f"{event.__name__}.{field.name}"
        for event in get_args(Event)
        for field in inspect.type_info(event).fields
        if holds_json(field.type)
    }
    assert (columns, fields) == (COLUMNS.keys(), FIELDS.keys())
    assert all(name in PLACES or " " in name for name in (*COLUMNS.values(), *FIELDS.values()))


@pytest.mark.parametrize("name", PLACES)
async def test_the_deepest_accepted_value_is_read_back_after_a_restart(
    tmp_path: Path, name: str, repetitions: Callable[..., int]
) -> None:
    for number in range(repetitions(1, 3, 30)):
        chance = random.Random(f"{name} {number}")
        await keep_and_read(tmp_path / str(number), name, lambda levels, chance=chance: nest(chance, levels))


def every_place() -> list[Any]:
    """Returns the places; those that the gate leaves out have the mark of the proof."""
    return [pytest.param(name, marks=[pytest.mark.proof] if number % 6 else []) for number, name in enumerate(PLACES)]


@pytest.mark.parametrize("name", every_place())
async def test_the_largest_accepted_value_is_read_back_after_a_restart(
    tmp_path: Path, name: str, repetitions: Callable[..., int]
) -> None:
    size = repetitions(64 * 1024, LARGEST, LARGEST)
    # In a card, the value is a text within the JSON of the body, where its quotes are escaped.
    value = wide(random.Random(name), size // 2 if name == "inbox" else size)
    await keep_and_read(tmp_path, name, lambda _: value)
