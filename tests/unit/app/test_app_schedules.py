"""Live schedules follow the catalog, also after a crash between the two writes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from looply.app.authoring.schedules import align_all, toggle
from looply.bootstrap import Application, open_application
from looply.catalog.authored.workflows import WorkflowDraft
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Filter
from looply.engine.ports.port import Schedule
from looply.permissions import permissions_of
from looply.settings import Settings


def definition(trigger: dict[str, object]) -> dict[str, object]:
    start = {"id": "WorkflowStartState", "type": "trigger", "settings": trigger}
    end = {"id": "end", "type": "terminate", "settings": {}}
    return {
        "workflow_name": "Nightly",
        "workflow_steps": [start, end],
        "workflow_connections": [{"from": "WorkflowStartState", "to": "end"}],
    }


HOURLY = definition({"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}})
DAILY = definition({"trigger_type": "SCHEDULED", "schedule": {"every": "PT24H"}})
HOUR = timedelta(hours=1)
CALLED = definition({"trigger_type": "REQUEST"})


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    async with open_application(Settings(data=tmp_path / "data"), is_working=False) as application:
        yield application


async def store_active_version(application: Application, document: dict[str, object]) -> tuple[str, str]:
    """Writes an ACTIVE version into the catalog alone, like an activation that is killed in the middle."""
    catalog = application.services.catalog
    organization_id, workspace_id = await catalog.organizations.create("Acme")
    draft = WorkflowDraft(name="Nightly", definition=document, findings=())
    row = await catalog.workflows.create(organization_id, workspace_id, draft)
    await catalog.workflows.activate(organization_id, (row.workflow_id, 1))
    return organization_id, row.workflow_id


async def test_a_schedule_that_a_crash_left_out_is_created_at_the_next_start(application: Application) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    assert await application.shell.schedules.find(organization_id, workflow_id) is None
    await align_all(application.services)
    schedule = await application.shell.schedules.find(organization_id, workflow_id)
    assert schedule is not None
    assert (schedule.workflow_version, schedule.status) == (1, "ACTIVE")


async def test_a_schedule_of_a_former_version_is_replaced(application: Application) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    await align_all(application.services)
    workflows = application.services.catalog.workflows
    draft = WorkflowDraft(name="Nightly", definition=DAILY, findings=())
    await workflows.save_draft(organization_id, (workflow_id, 1), draft, modified_on=None)
    await workflows.activate(organization_id, (workflow_id, 2))
    await align_all(application.services)
    schedule = await application.shell.schedules.find(organization_id, workflow_id)
    assert schedule is not None
    assert schedule.workflow_version == 2


async def test_a_schedule_whose_new_version_has_none_is_dropped(application: Application) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    await align_all(application.services)
    workflows = application.services.catalog.workflows
    draft = WorkflowDraft(name="Nightly", definition=CALLED, findings=())
    await workflows.save_draft(organization_id, (workflow_id, 1), draft, modified_on=None)
    await workflows.activate(organization_id, (workflow_id, 2))
    await align_all(application.services)
    assert await application.shell.schedules.find(organization_id, workflow_id) is None


class FiresInBetween:
    """The schedules of an engine; one of them fires right after it was first looked up."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._has_fired = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application.shell.schedules, name)

    async def find(self, organization_id: str, workflow_id: str) -> Schedule | None:
        found = await self._application.shell.schedules.find(organization_id, workflow_id)
        if found is not None and not self._has_fired:
            self._has_fired = True
            await self._application.pump.tick(found.next)
        return found


def operator(organization_id: str) -> Principal:
    return Principal(
        organization_id=organization_id,
        workspace_id="",
        key_id=None,
        name="operator",
        permissions=permissions_of({"manage"}),
    )


async def test_a_pause_keeps_a_concurrent_fire(application: Application) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    await align_all(application.services)
    racing = replace(application.services, engine=SimpleNamespace(schedules=FiresInBetween(application)))
    paused = await toggle(racing, operator(organization_id), workflow_id, None, pauses=True)
    ((fired,), stored) = (
        (await application.shell.executions.list(organization_id, Filter(), "", 10)).items,
        await application.shell.schedules.find(organization_id, workflow_id),
    )
    assert paused == stored
    assert (stored.status, stored.last_execution) == ("PAUSED", fired.head.execution_id)


async def test_a_schedule_that_is_resumed_after_the_clock_was_set_back_continues_after_its_last_fire(
    application: Application,
) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    await align_all(application.services)
    first = await application.shell.schedules.find(organization_id, workflow_id)
    assert first is not None
    assert first.next is not None
    # It fires two hours ahead of the clock, which then says what it says now.
    last = first.next + HOUR
    await application.pump.tick(last)
    who = operator(organization_id)
    await toggle(application.services, who, workflow_id, None, pauses=True)
    played = await toggle(application.services, who, workflow_id, None, pauses=False)
    assert (played.last, played.next) == (last, last + HOUR)
    for instant in (first.next, last):
        await application.pump.tick(instant)
    assert len((await application.shell.executions.list(organization_id, Filter(), "", 10)).items) == 1


async def test_a_second_alignment_changes_nothing(application: Application) -> None:
    organization_id, workflow_id = await store_active_version(application, HOURLY)
    await align_all(application.services)
    before = await application.shell.schedules.find(organization_id, workflow_id)
    await align_all(application.services)
    assert await application.shell.schedules.find(organization_id, workflow_id) == before
