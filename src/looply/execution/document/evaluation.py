"""The inputs of an evaluation in a step, its failure, and how marks of secrets propagate to its result."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from looply.definition import Step, Workflow
from looply.errors import Refused
from looply.execution.document.document import Document
from looply.execution.document.overlays import visible_secrets
from looply.execution.facts.address import Address, RandomStream
from looply.execution.facts.state import ExecutionState
from looply.expressions import CardTemplate, Evaluation, Fuel, Template
from looply.limits import Limits

Reference = tuple[str | int, ...]


class StepError(Refused):
    """A step cannot run with its values; the step fails with the same code."""


def step_fuel(limits: Limits) -> Fuel:
    """Returns the fuel of one visit of a step; all evaluations of the visit share it."""
    return Fuel(limits.expression_fuel, "step")


def evaluation_for(
    workflow: Workflow, state: ExecutionState, address: Address, limits: Limits, fuel: Fuel, part: str = ""
) -> Evaluation:
    """Returns the inputs of one evaluation of the step at `address`.

    `fuel` is the budget of the visit. `part` distinguishes the evaluations of one visit, so that each has a random
    stream of its own.
    """
    return Evaluation(
        data=Document(workflow, state, address.scope),
        now=state.now,
        chance=RandomStream(state.started.seed, address, part),
        limits=limits,
        fuel=fuel,
    )


class Secrets:
    """The secret paths that a scope sees. A lookup takes time in proportion to the reference, not to the paths."""

    def __init__(self, paths: Iterable[tuple[str, ...]]) -> None:
        self._whole: set[tuple[str, ...]] = set()
        self._around: set[tuple[str, ...]] = set()
        for path in paths:
            folded = _folded(path)
            self._whole.add(folded)
            self._around.update(folded[:length] for length in range(len(folded) + 1))

    def pointers(self, template: Template) -> tuple[str, ...]:
        """Returns the pointers within the template's value whose expressions read something secret."""
        if not self._whole:
            return ()
        return tuple(
            pointer
            for pointer, expression in template.expressions
            if any(self._overlap(reference) for reference in expression.references)
        )

    def are_read_by(self, template: Template | CardTemplate) -> bool:
        """Returns whether any expression of the template reads something secret."""
        return bool(self._whole) and any(self._overlap(reference) for reference in template.references)

    def _overlap(self, reference: Reference) -> bool:
        """Returns whether a value is secret: it lies in a secret value, or contains one."""
        folded = _folded(reference)
        return folded in self._around or any(folded[:length] in self._whole for length in range(len(folded)))


_NO_SECRETS: Final = Secrets(())


def secrets_of(state: ExecutionState, scope: str | None = None) -> Secrets:
    """Returns the secrets that a scope sees; without a scope, those of all branches and iterations.

    The links of open cards are secret without a mark, because their holders can answer.
    """
    paths = visible_secrets(state, scope)
    if state.waits:
        paths = (*paths, *((wait.step, "links") for wait in state.waits.values() if wait.count))
    return Secrets(paths) if paths else _NO_SECRETS


def secret_pointers(template: Template, state: ExecutionState, scope: str | None = None) -> tuple[str, ...]:
    """Returns the pointers within the template's value whose expressions read something secret.

    `scope` as in `secrets_of`, which a step with many templates uses directly.
    """
    return secrets_of(state, scope).pointers(template)


def reads_secret(template: Template | CardTemplate, state: ExecutionState, scope: str | None = None) -> bool:
    """Returns whether any expression of the template reads something secret; `scope` as in `secrets_of`."""
    return secrets_of(state, scope).are_read_by(template)


def step_reads_secret(step: Step, state: ExecutionState, scope: str) -> bool:
    """Returns whether a step has a setting that is marked secret, or an expression that reads something secret."""
    if step.input_secrets:
        return True
    secrets = secrets_of(state, scope)
    templates = (template for part in (step.settings, step.input) for template in _templates_in(part))
    return any(secrets.are_read_by(template) for template in templates)


def _templates_in(value: object) -> Iterator[Template | CardTemplate]:
    if isinstance(value, Template | CardTemplate):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _templates_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _templates_in(item)


def _folded(path: Reference) -> tuple[str, ...]:
    """Returns the path in lower case, because expressions ignore the letter case of names."""
    return tuple(str(part).lower() for part in path)
