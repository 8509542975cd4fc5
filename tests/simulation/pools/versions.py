"""The second versions of workflows with branches, onto which operators redrive executions of the first one.

A second version adds a field to the bodies of its calls, and renames about half of the simple steps.
Parallel and forEach steps keep their names.
"""

from dataclasses import dataclass
from typing import Any

from looply.definition import Workflow, compile_definition
from simulation.pools.workflows import Made
from simulation.running.choice import SeededChoice, happens

NUMBER = 2
_RENAMED = ("httpRequest", "wait", "approval", "delay", "datastore", "subworkflow")


@dataclass(frozen=True)
class Version:
    """A version as it is written, and compiled. `steps` are new names of steps by those of the first version."""

    document: dict[str, Any]
    workflow: Workflow
    steps: dict[str, str]


_MADE: dict[bytes, Version] = {}


def second_version(first: Made) -> Version:
    """Returns the second version of a workflow, the same one each time."""
    key = first.workflow.hash
    if key not in _MADE:
        _MADE[key] = _second(first)
    return _MADE[key]


def _second(first: Made) -> Version:
    choice = SeededChoice(f"version {first.workflow.hash.hex()}")
    steps = first.document["workflow_steps"]
    names = {
        one["id"]: f"{one['id']}z" for one in steps if one["type"] in _RENAMED and happens(choice, "is renamed", 500)
    }
    document = {
        **first.document,
        "workflow_name": "Simulated regions, once more",
        "workflow_steps": [{**_changed(one), "id": names.get(one["id"], one["id"])} for one in steps],
        "workflow_connections": [
            {**edge, "from": names.get(edge["from"], edge["from"]), "to": names.get(edge["to"], edge["to"])}
            for edge in first.document["workflow_connections"]
        ],
    }
    return Version(document, compile_definition(document), names)


def _changed(step: dict[str, Any]) -> dict[str, Any]:
    body = step["settings"].get("body")
    if body is None:
        return step
    return {**step, "settings": {**step["settings"], "body": {**body, "v": NUMBER}}}
