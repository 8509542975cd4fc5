"""A call of unknown outcome is made again, so that its operation finds out what became of it."""

from kit.definitions import chain, step
from kit.driver import Driver
from looply.definition import Workflow
from looply.errors import Timeout, Unsettled
from looply.execution.facts.events import IncidentOpened, StepUnknown
from looply.testing.world import HANG, Answer


def ordering(engine: Driver, **beside: str) -> Workflow:
    """Returns a workflow that creates something in a system whose connection only the operation knows."""
    engine.world.connections.put("S4", {}, "sap")
    settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "Orders", "method": "POST"}
    return chain(step("sap_1", "sapRequest", {**settings}, **beside))


class AskingStories:
    """Calls whose `repeat` is `ask`."""

    async def test_after_a_crash_the_operation_is_asked_what_became_of_its_call(self, engine: Driver) -> None:
        engine.world.script("sap_1", HANG, Answer(status=201))
        execution_id = await engine.trigger(ordering(engine))
        await engine.settle()
        await engine.crash()
        await engine.settle()
        calls = engine.world.calls_of("sap_1")
        assert [(call.attempt, call.is_unsettled) for call in calls] == [(1, False), (2, True)]
        assert len({(call.key, str(call.input)) for call in calls}) == 1
        assert [event.cause for event in await engine.events(execution_id, StepUnknown)] == ["CRASH"]
        (item,) = await engine.newest()
        assert item.head.status == "COMPLETED"

    async def test_an_operation_that_cannot_tell_opens_the_incident(self, engine: Driver) -> None:
        engine.world.script("sap_1", Timeout("no answer", sent=True), Unsettled("nobody knows"))
        execution_id = await engine.trigger(ordering(engine))
        await engine.settle()
        unknown = await engine.events(execution_id, StepUnknown)
        assert [event.cause for event in unknown] == ["TIMEOUT", "UNSETTLED"]
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert (incident.kind, incident.code) == ("UNKNOWN", "OUTCOME_UNKNOWN")
        assert "nobody knows" in incident.message
        assert [call.is_unsettled for call in engine.world.calls_of("sap_1")] == [False, True]
