"""What an expression of a step sees, and how the mark of secrets spreads through it."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from looply.definition import Step, Workflow
from looply.execution.document.document import Document
from looply.execution.document.overlays import visible_secrets
from looply.execution.facts.address import Address, Chance
from looply.execution.facts.state import ExecutionState
from looply.expressions import CardTemplate, Evaluation, Fuel, Template
from looply.limits import Limits

Reference = tuple[str | int, ...]


def step_fuel(limits: Limits) -> Fuel:
    """Returns the budget of one visit of a step: all that it evaluates shares it."""
    return Fuel(limits.expression_fuel, "step")


def evaluation_for(
    workflow: Workflow, state: ExecutionState, address: Address, limits: Limits, fuel: Fuel, part: str = ""
) -> Evaluation:
    """Returns what one evaluation of the step at `address` may see.

    `fuel` is the budget of the visit. `part` tells the evaluations of one visit apart, so that each has a stream of
    chance of its own.
    """
    return Evaluation(
        data=Document(workflow, state, address.scope),
        now=state.now,
        chance=Chance(state.started.seed, address, part),
        limits=limits,
        fuel=fuel,
    )


class Secrets:
    """The secret paths that a scope sees. A question costs time in proportion to the reference, not to the paths."""

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
        """Tells whether any expression of the template reads something secret."""
        return bool(self._whole) and any(self._overlap(reference) for reference in template.references)

    def _overlap(self, reference: Reference) -> bool:
        """A value is secret when it lies in a secret one, or holds it."""
        folded = _folded(reference)
        return folded in self._around or any(folded[:length] in self._whole for length in range(len(folded)))


_NO_SECRETS: Final = Secrets(())


def secrets_of(state: ExecutionState, scope: str | None = None) -> Secrets:
    """Returns the secrets that a scope sees; without a scope, what is secret in any branch or iteration counts."""
    paths = visible_secrets(state, scope)
    return Secrets(paths) if paths else _NO_SECRETS


def secret_pointers(template: Template, state: ExecutionState, scope: str | None = None) -> tuple[str, ...]:
    """Returns the pointers within the template's value whose expressions read something secret.

    `scope` as in `secrets_of`, which is for a step that asks about many templates.
    """
    return secrets_of(state, scope).pointers(template)


def reads_secret(template: Template | CardTemplate, state: ExecutionState, scope: str | None = None) -> bool:
    """Tells whether any expression of the template reads something secret; `scope` as in `secrets_of`."""
    return secrets_of(state, scope).are_read_by(template)


def step_reads_secret(step: Step, state: ExecutionState, scope: str) -> bool:
    """Tells whether a step has a setting that is marked secret, or an expression that reads something secret."""
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
    """Expressions find names in any letter case."""
    return tuple(str(part).lower() for part in path)
