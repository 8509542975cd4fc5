"""What an expression of a step sees, and how the mark of secrets spreads through it."""

from collections.abc import Iterator

import msgspec

from looply.definition import Step, Workflow
from looply.execution.address import Address, Chance
from looply.execution.document import Document
from looply.execution.overlays import secrets_seen
from looply.execution.state import ExecutionState
from looply.expressions import CardTemplate, Evaluation, Template
from looply.limits import Limits

Reference = tuple[str | int, ...]


def evaluation_for(
    workflow: Workflow, state: ExecutionState, address: Address, limits: Limits, part: str = ""
) -> Evaluation:
    """Returns what one evaluation of the step at `address` may see.

    `part` tells the evaluations of one visit apart, so that each has a stream of chance of its own.
    """
    return Evaluation(
        data=Document(workflow, state, address.scope),
        now=state.now,
        chance=Chance(state.started.seed, address, part),
        limits=limits,
    )


def secret_pointers(template: Template, state: ExecutionState, scope: str | None = None) -> tuple[str, ...]:
    """Returns the pointers within the template's value whose expressions read something secret.

    `scope` is where the template is evaluated; without it, what is secret in any branch or iteration counts.
    """
    secrets = secrets_seen(state, scope)
    if not secrets:
        return ()
    return tuple(
        pointer
        for pointer, expression in template.expressions
        if any(_overlaps(reference, secret) for reference in expression.references for secret in secrets)
    )


def reads_secret(template: Template | CardTemplate, state: ExecutionState, scope: str | None = None) -> bool:
    """Tells whether any expression of the template reads something secret; `scope` as in `secret_pointers`."""
    secrets = secrets_seen(state, scope)
    return bool(secrets) and any(
        _overlaps(reference, secret) for reference in template.references for secret in secrets
    )


def step_reads_secret(step: Step, state: ExecutionState, scope: str) -> bool:
    """Tells whether a step has a setting that is marked secret, or an expression that reads something secret."""
    return bool(step.input_secrets) or any(
        reads_secret(template, state, scope) for part in (step.settings, step.input) for template in _templates_in(part)
    )


def _templates_in(value: object) -> Iterator[Template | CardTemplate]:
    if isinstance(value, Template | CardTemplate):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _templates_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _templates_in(item)


def _overlaps(reference: Reference, secret: tuple[str, ...]) -> bool:
    """A value is secret when it lies in a secret one, or holds it. Expressions find names in any letter case."""
    return all(str(ours).lower() == theirs.lower() for ours, theirs in zip(reference, secret, strict=False))
