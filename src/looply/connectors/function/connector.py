"""The connector of `function`: hands the code to the sandbox and returns its result or its failure."""

import msgspec

from looply.connectors.port import CallContext, Connector, Operation, read_input
from looply.connectors.sandbox import Code, CodeFailed, Language
from looply.jsontext import Json


class FunctionInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `function.run`."""

    language: Language
    """The language of the code."""
    code: str
    """The body of a function of `input`."""
    input: Json = None
    """What the code gets as `input`."""


class FunctionOutput(msgspec.Struct, frozen=True):
    """The output is what the code returns: any JSON value."""


async def run(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Returns what the code returns. With secrets in its input, errors do not repeat the output of the code.

    Raises: as `Sandbox.run`.
    """
    given = read_input(FunctionInput, input_, "function.run")
    code = Code(language=given.language, code=given.code, input=given.input)
    try:
        return await ctx.sandbox.run(code, ctx.timeout, ctx.organization_id)
    except CodeFailed as error:
        is_hidden = ctx.has_secrets and error.detail
        detail = "its message is hidden, because its input has secrets" if is_hidden else error.detail
        raise CodeFailed(f"{error.message}: {detail}" if detail else error.message, code=error.code) from error


CONNECTOR = Connector(
    name="function",
    title="Code",
    operations=(
        Operation(
            name="function.run",
            title="Run code",
            input=FunctionInput,
            output=FunctionOutput,
            repeat="always",
            is_derived=True,
            call=run,
        ),
    ),
)
