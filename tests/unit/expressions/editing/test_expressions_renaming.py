"""A name of the document is renamed where an expression reads it, and nowhere else."""

import pytest

from looply.expressions.editing.renaming import Renaming
from looply.expressions.values.errors import ExpressionSyntaxError
from looply.limits import DEFAULT_LIMITS

RENAMING = Renaming("h_1", "goods", DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("${h_1.output.a} and h_1", "${goods.output.a} and h_1"),
        ("${H_1['x']}", "${goods['x']}"),
        ("${select(h_1.items, x => x.a + h_1.b)}", "${select(goods.items, x => x.a + goods.b)}"),
        ("${select(h_1.items, x, x.a + h_1.b)}", "${select(goods.items, x, x.a + goods.b)}"),
        ("${$root['h_1'].z}", "${$root['goods'].z}"),
        ('${$data["h_1"].z}', "${$data['goods'].z}"),
        ("${$root.waits.h_1}${waits['h_1']}", "${$root.waits.goods}${waits['goods']}"),
        ("${{h_1: h_1.a}}", "${{h_1: goods.a}}"),
        ("${concat('h_1', `t ${h_1 .y} z`)}", "${concat('h_1', `t ${goods .y} z`)}"),
        ("${a[h_1.i].b}${-h_1 > 2 ? h_1 : [h_1]}", "${a[goods.i].b}${-goods > 2 ? goods : [goods]}"),
        ("𝄞 ${concat('𝄞', h_1)} 𝄞", "𝄞 ${concat('𝄞', goods)} 𝄞"),
        ("${h_1}", "${goods}"),
    ],
)
def test_what_reads_the_name_follows(before: str, after: str) -> None:
    assert RENAMING.text(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "${payload.h_1}",
        "${h_12.a}",
        "${select(payload.list, h_1 => h_1.a)}",
        "\\${h_1}",
        "h_1",
        "${payload['h_1']}",
        "${getProperty(payload, 'h_1')}",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert RENAMING.text(text) == text


def test_within_the_data_of_a_card_only_the_root_leads_to_the_document() -> None:
    assert (
        RENAMING.text("${h_1.a} ${$root.h_1.a} ${$data.h_1}", is_in_data=True)
        == "${h_1.a} ${$root.goods.a} ${$data.h_1}"
    )


def test_a_new_name_that_a_loop_hides_is_read_from_the_root() -> None:
    renaming = Renaming("h_1", "x", DEFAULT_LIMITS)
    assert renaming.text("${select(h_1.items, x => x.a + h_1.b)}") == "${select(x.items, x => x.a + $root.x.b)}"


def test_an_expression_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ExpressionSyntaxError):
        RENAMING.text("${h_1.}")
