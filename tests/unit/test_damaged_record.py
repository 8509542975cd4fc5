"""A damaged object of the catalog affects nothing else: the start, other workflows and other tenants work."""

import asyncio
import io
import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from looply.app.administration.proof import prove
from looply.app.authoring.activate import activate
from looply.app.authoring.workflows import create, delete
from looply.app.executions.trigger import TriggerRequest, trigger
from looply.bootstrap import Application, open_application
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.principal import Principal
from looply.cli import main
from looply.cli.terminal.terminal import Terminal
from looply.errors import RecordDamaged
from looply.permissions import permissions_of
from looply.settings import Settings

DEEP = '{"a":' * 1500 + "1" + "}" * 1500
SCHEDULED = {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}}


def definition(settings: dict[str, Any], *steps: dict[str, Any]) -> dict[str, Any]:
    start = {"id": "WorkflowStartState", "type": "trigger", "settings": settings}
    end = {"id": "end", "type": "terminate", "settings": {}}
    ids = ["WorkflowStartState", *(step["id"] for step in steps), "end"]
    return {
        "workflow_name": "Story",
        "workflow_steps": [start, *steps, end],
        "workflow_connections": [{"from": one, "to": two} for one, two in itertools.pairwise(ids)],
    }


def operator(organization_id: str, workspace_id: str) -> Principal:
    return Principal(
        organization_id=organization_id,
        workspace_id=workspace_id,
        key_id=None,
        name="operator",
        permissions=permissions_of({"manage"}),
    )


class Installation(msgspec.Struct):
    """A data folder and the processes that use it."""

    data: Path
    principal: Principal

    def settings(self) -> Settings:
        return Settings(data=self.data)


async def stored(application: Application, principal: Principal, document: dict[str, Any]) -> str:
    made = (await create(application.services, principal, document)).version
    await activate(application.services, principal, made.workflow_id, 1)
    return made.workflow_id


async def damage(application: Application, statement: str, **values: str) -> None:
    """Writes like the product itself: the sums of the tables are updated."""
    await application.services.catalog.database.write(lambda connection: connection.execute(text(statement), values))


@pytest.fixture
async def installation(tmp_path: Path) -> Installation:
    data = tmp_path / "data"
    async with open_application(Settings(data=data), is_working=False) as application:
        organization_id, workspace_id = await application.services.catalog.organizations.create("Acme")
    return Installation(data, operator(organization_id, workspace_id))


BROKEN = {
    "deep schema": "UPDATE workflow_versions SET mock_schema = :value WHERE workflow_id = :id",
    "torn definition": "UPDATE workflow_versions SET definition = '{' || :value WHERE workflow_id = :id",
    "other definition": "UPDATE workflow_versions SET definition = '{}', mock_payload = :value WHERE workflow_id = :id",
}


@pytest.mark.parametrize("trigger_settings", [{"trigger_type": "REQUEST"}, SCHEDULED], ids=["REQUEST", "SCHEDULED"])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_a_start_serves_all_workflows_but_the_damaged_one(
    installation: Installation, trigger_settings: dict[str, Any], broken: str
) -> None:
    mine = installation.principal
    async with open_application(installation.settings()) as application:
        damaged = await stored(application, mine, definition(trigger_settings))
        sound = await stored(application, mine, definition({"trigger_type": "REQUEST"}))
        before = await application.shell.schedules.find(mine.organization_id, damaged)
        await damage(application, broken, id=damaged, value=DEEP)
    async with open_application(installation.settings()) as application:
        services = application.services
        await trigger(services, mine, TriggerRequest(workflow_id=sound, version=None))
        with pytest.raises(RecordDamaged, match=damaged):
            await trigger(services, mine, TriggerRequest(workflow_id=damaged, version=None))
        after = await application.shell.schedules.find(mine.organization_id, damaged)
        assert (before is None) == (after is None)
        assert [item["message"].split(":")[0] for item in (await prove(services)).problems] == [
            f"workflow {damaged} version 1 is damaged"
        ]
        await delete(services, mine, damaged, 1)
        assert not (await prove(services)).problems
        assert await application.shell.schedules.find(mine.organization_id, damaged) is None


async def test_an_active_definition_that_does_not_compile_stops_no_start_and_is_named(
    installation: Installation,
) -> None:
    mine = installation.principal
    broken = {"workflow_name": "Old", "workflow_steps": [], "workflow_connections": []}
    async with open_application(installation.settings()) as application:
        workflows = application.services.catalog.workflows
        draft = WorkflowDraft(name="Old", definition=broken)
        made = await workflows.create(mine.organization_id, mine.workspace_id, draft)
        await workflows.activate(mine.organization_id, (made.workflow_id, 1))
    async with open_application(installation.settings()) as application:
        (problem,) = (await prove(application.services)).problems
        assert f"workflow {made.workflow_id} version 1 cannot run" in problem["message"]


async def with_a_damaged_record(data: Path) -> str:
    async with open_application(Settings(data=data)) as application:
        ids = await application.services.catalog.organizations.create("Acme")
        damaged = await stored(application, operator(*ids), definition({"trigger_type": "REQUEST"}))
        await damage(application, "UPDATE workflow_versions SET mock_schema = :value", value=DEEP)
    return damaged


@pytest.mark.parametrize("command", [("doctor",), ("db", "check")], ids=" ".join)
def test_a_damaged_record_is_named_by_the_commands(tmp_path: Path, command: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    damaged = asyncio.run(with_a_damaged_record(data))
    out = io.StringIO()
    terminal = Terminal(source=io.BytesIO(), output=out, errors=io.StringIO(), environment={})
    assert main((*command, "--data", str(data), "--json"), terminal) == 1
    assert f"workflow {damaged} version 1 is damaged" in str(json.loads(out.getvalue())["problems"])
