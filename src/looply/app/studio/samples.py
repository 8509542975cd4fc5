"""The samples that authors keep beside a workflow: named payloads, and pinned outputs of its steps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring.mock_payloads import execution_input
from looply.app.context.addressing import get_owned
from looply.app.context.authors import name_author
from looply.app.context.services import Services
from looply.catalog.authored.companions import Companion, CompanionChanged
from looply.catalog.tenants.principal import Principal
from looply.definition import trigger_secrets
from looply.errors import NotFound, Problem, Refused
from looply.execution.document.masking import mask_input
from looply.execution.views.logs import mask_document
from looply.instants import to_ms
from looply.jsontext import Json, size_problem
from looply.limits import Limits

MAX_PAYLOADS: Final = 50
MAX_OUTPUTS: Final = 500
MAX_SAMPLE_BYTES: Final = 4 * 1024 * 1024
"""All samples of one workflow together, as JSON text."""
_NAME_CHARACTERS: Final = 128
_ID_CHARACTERS: Final = 64


class SamplePayload(msgspec.Struct, frozen=True, kw_only=True):
    """A named payload. Without a `body` it is taken from the execution when it is stored."""

    name: str
    body: Json | UnsetType = UNSET
    from_execution: str = ""


class PinnedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The pinned output of a step. Without an `output` it is taken from the execution when it is stored."""

    output: Json | UnsetType = UNSET
    exit: str = "next"
    from_execution: str = ""
    pinned_on: int = 0


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of a workflow: payloads by name, and pinned outputs by step."""

    payloads: tuple[SamplePayload, ...] = ()
    outputs: Mapping[str, PinnedOutput] = {}


async def find_samples(services: Services, principal: Principal, workflow_id: str) -> Companion | None:
    """Returns the samples of a workflow as stored, None when it has none. Raises: BadRequest, NotFound."""
    return await services.catalog.companions.find(principal.organization_id, workflow_id, "samples")


def samples_of(companion: Companion | None) -> Samples:
    """Returns the samples that are stored."""
    return msgspec.convert(companion.content, Samples) if companion is not None else Samples()


def samples_content(samples: Samples, secret: Sequence[str] = (), *, pinned_on: int = 0) -> dict[str, Json]:
    """Returns samples as they are stored, the values at the pointers `secret` of payloads as `***`.

    `pinned_on` is the instant of outputs that have none, in milliseconds.
    """
    return {
        "payloads": [
            {"name": each.name, "body": mask_input(each.body, secret), "from_execution": each.from_execution}
            for each in samples.payloads
        ],
        "outputs": {
            step: {
                "output": each.output,
                "exit": each.exit,
                "from_execution": each.from_execution,
                "pinned_on": each.pinned_on or pinned_on,
            }
            for step, each in samples.outputs.items()
        },
    }


async def put_samples(
    services: Services, principal: Principal, workflow_id: str, samples: Samples, *, revision: int
) -> Companion:
    """Replaces the samples of a workflow; values that its trigger marks as secret are stored as `***`.

    Raises: BadRequest, NotFound, CompanionChanged; Refused (code `BAD_SAMPLES`) with all findings; Forbidden for a
    sample of an execution without the permission `read.payloads`.
    """
    if problems := tuple(_problems(samples, services.limits)):
        raise Refused(f"{problems[0].path}: {problems[0].message}", code="BAD_SAMPLES", problems=problems)
    taken = await _take_from_executions(services, principal, workflow_id, samples)
    secret = await _secrets(services, principal, workflow_id)
    content = samples_content(taken, secret, pinned_on=to_ms(services.clock.now()))
    if reason := size_problem(content, MAX_SAMPLE_BYTES, services.limits):
        message = f"the samples of a workflow together: {reason}, which is the most"
        raise Refused(message, code="BAD_SAMPLES", problems=(Problem(path="", message=message),))
    try:
        return await services.catalog.companions.put(
            principal.organization_id, workflow_id, "samples", content, revision=revision, actor=principal.actor
        )
    except CompanionChanged as error:
        await name_author(services, principal.organization_id, error)
        raise


async def _take_from_executions(
    services: Services, principal: Principal, workflow_id: str, samples: Samples
) -> Samples:
    """Returns the samples with the values of executions, secrets as `***`. Raises: Forbidden, NotFound."""
    named = [each.from_execution for each in samples.payloads]
    named += [each.from_execution for each in samples.outputs.values()]
    if any(named):
        principal.require("read.payloads")
    documents: dict[str, dict[str, Json]] = {}
    payloads = []
    for each in samples.payloads:
        if each.body is UNSET:
            body = await execution_input(services, principal, workflow_id, each.from_execution)
            payloads.append(msgspec.structs.replace(each, body=body))
        else:
            payloads.append(each)
    outputs = {}
    for step, pinned in samples.outputs.items():
        if pinned.output is not UNSET:
            outputs[step] = pinned
            continue
        name = pinned.from_execution
        if name not in documents:
            execution = await get_owned(services, principal.organization_id, name, workflow_id=workflow_id.lower())
            documents[name] = mask_document(execution.workflow, execution.state)
        entry = documents[name].get(step)
        if not isinstance(entry, dict) or "output" not in entry:
            raise NotFound(f"execution {name} has no output of the step {step!r}", code="NO_OUTPUT")
        outputs[step] = msgspec.structs.replace(pinned, output=entry["output"])
    return Samples(payloads=tuple(payloads), outputs=outputs)


async def _secrets(services: Services, principal: Principal, workflow_id: str) -> tuple[str, ...]:
    """Returns the pointers to secrets of the body, by the newest version."""
    number = await services.catalog.workflows.latest_version(principal.organization_id, workflow_id)
    return trigger_secrets(
        await services.catalog.workflows.definition(principal.organization_id, (workflow_id, number))
    )


def _problems(samples: Samples, limits: Limits) -> Iterable[Problem]:
    if len(samples.payloads) > MAX_PAYLOADS:
        yield Problem(path="/payloads", message=f"has {len(samples.payloads)} samples; the most is {MAX_PAYLOADS}")
    if len(samples.outputs) > MAX_OUTPUTS:
        yield Problem(path="/outputs", message=f"has {len(samples.outputs)} outputs; the most is {MAX_OUTPUTS}")
    names: set[str] = set()
    for index, each in enumerate(samples.payloads):
        path = f"/payloads/{index}"
        if not each.name.strip() or len(each.name) > _NAME_CHARACTERS or not each.name.isprintable():
            yield Problem(path=f"{path}/name", message=f"must have 1 to {_NAME_CHARACTERS} printable characters")
        if each.name in names:
            yield Problem(path=f"{path}/name", message=f"the name {each.name!r} is used twice")
        names.add(each.name)
        if each.body is UNSET and not each.from_execution:
            yield Problem(path=f"{path}/body", message="must be given, or from_execution")
        elif reason := size_problem(each.body, limits.body_bytes, limits):
            yield Problem(path=f"{path}/body", message=reason)
    for step, pinned in samples.outputs.items():
        if not step or len(step) > _ID_CHARACTERS:
            yield Problem(path="/outputs", message=f"{step[:_ID_CHARACTERS]!r} is no id of a step")
        if pinned.output is UNSET and not pinned.from_execution:
            yield Problem(path=f"/outputs/{step[:_ID_CHARACTERS]}", message="needs an output, or from_execution")
