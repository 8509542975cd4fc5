"""The connector of functions: its call of the sandbox, and its failures."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from looply.connectors.function.connector import CONNECTOR
from looply.connectors.port import CallContext
from looply.connectors.sandbox import Code, CodeFailed
from looply.errors import BadInput
from looply.testing.world import NoNetwork

(OPERATION,) = CONNECTOR.operations
FAILURE = CodeFailed("the code failed, line 3", code="FUNCTION_FAILED", detail="Error: token s3cr3t")


class FakeSandbox:
    """Returns an outcome and records the calls."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[tuple[Code, timedelta]] = []

    async def run(self, code: Code, within: timedelta, owner: str = "") -> Any:
        self.owner = owner
        self.asked.append((code, within))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def context(wiring: Any, sandbox: FakeSandbox, *, has_secrets: bool = False) -> CallContext:
    wiring.http = NoNetwork(timedelta(seconds=1))
    return replace(wiring.context(), sandbox=sandbox, has_secrets=has_secrets)


async def test_code_and_input_go_to_the_sandbox_and_its_value_comes_back(wiring: Any) -> None:
    sandbox = FakeSandbox([1, 2])
    output = await OPERATION.call(context(wiring, sandbox), {"language": "python", "code": "x", "input": {"a": 1}})
    assert output == [1, 2]
    assert sandbox.asked == [(Code(language="python", code="x", input={"a": 1}), timedelta(seconds=20))]


async def test_a_failure_includes_the_output_of_the_code(wiring: Any) -> None:
    with pytest.raises(CodeFailed) as caught:
        await OPERATION.call(context(wiring, FakeSandbox(FAILURE)), {"language": "python", "code": "x"})
    assert (caught.value.code, caught.value.sent) == ("FUNCTION_FAILED", False)
    assert caught.value.message == "the code failed, line 3: Error: token s3cr3t"


async def test_with_secrets_in_its_input_the_output_of_the_code_is_hidden(wiring: Any) -> None:
    call = context(wiring, FakeSandbox(FAILURE), has_secrets=True)
    with pytest.raises(CodeFailed) as caught:
        await OPERATION.call(call, {"language": "python", "code": "x"})
    assert caught.value.message == "the code failed, line 3: its message is hidden, because its input has secrets"


@pytest.mark.parametrize("input_", [{"language": "ruby", "code": "x"}, {"language": "python"}, {}])
async def test_an_input_of_another_shape_is_refused(wiring: Any, input_: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        await OPERATION.call(context(wiring, FakeSandbox(1)), input_)


def test_code_may_be_repeated_and_its_output_is_made_of_its_input_alone() -> None:
    assert OPERATION.repeat_of({}) == "always"
    assert OPERATION.is_derived
