"""Compiles the settings of the steps that run other steps concurrently or repeatedly."""

from typing import Final

from looply.definition.graph.model import ARRIVE
from looply.definition.schemas.schema_problems import quote_value
from looply.definition.settings.conditions import check_branch_ids
from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import ForEachSettings, JoinSettings, ParallelBranch, ParallelSettings
from looply.errors import say
from looply.expressions import Template

_EXAMPLE: Final = "${payload.output.lines}"


def compile_parallel(reader: Reader) -> ParallelSettings:
    """Returns the settings of a `parallel`."""
    check_branch_ids(reader, ("next", "error", ARRIVE))
    return ParallelSettings(
        branches=tuple(
            ParallelBranch(id=branch.value["id"], label=str(branch.value.get("label", branch.value["id"])))
            for branch in reader.children("branches")
        )
    )


def compile_join(reader: Reader) -> JoinSettings:
    """Returns the settings of a `join`."""
    count = reader.value.get("for", "all")
    return JoinSettings(of=reader.value["of"], count=int(count) if isinstance(count, float) else count)


def compile_for_each(reader: Reader) -> ForEachSettings:
    """Returns the settings of a `forEach`."""
    items = reader.template("items")
    assert items is not None  # the schema requires it
    if isinstance(items.value, str) and not _is_whole(items):
        wording = "{value} evaluates to a text, never to a list of items"
        hint = say("WRITE_SINGLE_EXPRESSION", "write a single expression, such as {example}", example=_EXAMPLE)
        reader.error("items", say("ITEMS_ARE_TEXT", wording, value=quote_value(items.value)), hint)
    concurrency = reader.integer("concurrency")
    return ForEachSettings(items=items, concurrency=concurrency if concurrency is not None else 1)


def _is_whole(template: Template) -> bool:
    return any(template.value == f"${{{expression.source}}}" for _, expression in template.expressions)
