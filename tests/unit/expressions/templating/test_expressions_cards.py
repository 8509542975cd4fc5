from types import MappingProxyType

import pytest

from looply.expressions import ExpressionError, ExpressionSyntaxError, parse_card

DATA = {
    "name": "Ann",
    "nothing": None,
    "amount": 12.5,
    "flag": True,
    "items": [{"name": "i0", "parts": [{"v": 1}, {"v": 2}]}, {"name": "i1", "parts": []}],
    "words": ["a", "b"],
    "thing": {"x": 1, "name": "inner"},
    "empty": [],
    "one": [{"name": "solo"}],
    "$index": "a key of the data",
}


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"$data": "${items}", "t": "${name} ${$index} ${$root.name}"}, [{"t": "i0 0 Ann"}, {"t": "i1 1 Ann"}]),
        ({"$data": "${items}", "t": "${amount} ${$root.amount}"}, [{"t": "${amount} 12.5"}] * 2),
        ({"$data": "${words}", "t": "${$data}"}, [{"t": "a"}, {"t": "b"}]),
        ({"$data": "${words}", "t": "${$index + 1}"}, [{"t": 1}, {"t": 2}]),
        ({"$data": "${thing}", "t": "${name} ${x} ${$index}"}, [{"t": "inner 1 ${$index}"}]),
        ({"$data": "${thing}", "t": "${$data['na' + 'me']}"}, [{"t": "inner"}]),
        ({"$data": "${thing}", "t": "${$data.name} ${$DATA.name} ${$Root.name}"}, [{"t": "inner inner Ann"}]),
        ({"$data": "${empty}", "t": "x"}, []),
        ({"$data": "${one}", "t": "${name} ${$index}"}, [{"t": "solo 0"}]),
        ({"$data": "${missing}", "t": "${name}"}, [{"t": "${name}"}]),
        ({"$data": "${missing}", "t": "${$data}"}, [{"t": "${missing}"}]),
        ({"$data": "${nothing}", "t": "${name}"}, [{"t": "${name}"}]),
        ({"$data": "${thing['none']}", "t": "${name} ${$index}"}, [{"t": "Ann ${$index}"}]),
        ({"$data": [{"name": "l1"}, {"name": "l2"}], "t": "${name}"}, [{"t": "l1"}, {"t": "l2"}]),
        ({"$data": {"name": "lit"}, "t": "${name}"}, [{"t": "lit"}]),
        ({"$data": {"name": "${amount}"}, "t": "${name}"}, [{"t": "${amount}"}]),
        ({"$data": 5, "t": "${$data}"}, [{"t": 5}]),
        ({"$data": "plain", "t": "${$data}"}, [{"t": "plain"}]),
        ({"$data": "x ${name}", "t": "${$data}"}, [{"t": "x Ann"}]),
        ({"$data": "${5}", "t": "${$data}"}, [{"t": "5"}]),
        (
            {"$data": "${items}", "rows": [{"$data": "${parts}", "t": "${v} ${$index} ${name}"}], "n": "${name}"},
            [{"rows": [{"t": "1 0 ${name}"}, {"t": "2 1 ${name}"}], "n": "i0"}, {"rows": [], "n": "i1"}],
        ),
        ({"$data": "${where(items, i, count(i.parts) > 0)}", "t": "${name}"}, [{"t": "i0"}]),
        ({"$data": "${items}", "t": "${foreach(parts, p, p.v + $index)}"}, [{"t": [1, 2]}, {"t": []}]),
        ({"$data": "${items}", "t": "same"}, [{"t": "same"}, {"t": "same"}]),
    ],
)
def test_data_sets_the_object_that_names_are_looked_up_in(expanded, element, expected):
    assert expanded({"body": [element, "${name}"]}, DATA) == {"body": [*expected, "Ann"]}


def test_an_object_keeps_the_number_of_the_repetition_around_it(expanded):
    card = [{"$data": "${items}", "inner": {"$data": "${$root.thing}", "t": "${$index} ${name}"}}]
    assert expanded(card, DATA) == [{"inner": {"t": "0 inner"}}, {"inner": {"t": "1 inner"}}]


def test_a_data_that_fails_is_an_error(expanded):
    with pytest.raises(ExpressionError) as caught:
        expanded([{"$data": "${items[9]}", "t": "x"}], DATA)
    assert caught.value.pointer == "/0/$data"


@pytest.mark.parametrize(
    ("when", "is_kept"),
    [
        ("${flag}", True),
        ("${amount > 10}", True),
        ("${!missing}", True),
        ("${!flag}", False),
        ("${amount}", False),
        ("${name}", False),
        ("${nothing}", False),
        ("${missing}", False),
        ("${thing['none']}", False),
        ("${items[9]}", False),
        ("${1 / 0}", False),
        ("${flag} x", False),
        ("${true}", False),
        ("${", False),
        ("true", False),
        (" ", False),
        (True, False),
        (1, False),
        ([], False),
        ({"a": 1}, False),
        (None, True),
        (False, True),
        (0, True),
        ("", True),
    ],
)
def test_when_keeps_an_object_for_an_expression_that_is_true_and_without_a_condition(expanded, when, is_kept):
    card = {"body": [{"$when": when, "t": "a"}], "z": 1}
    assert expanded(card, DATA) == {"body": [{"t": "a"}] if is_kept else [], "z": 1}


def test_when_sees_the_repeated_item(expanded):
    card = {"body": [{"$data": "${items}", "$when": "${count(parts) == 0}", "t": "${name} ${$index}"}]}
    assert expanded(card, DATA) == {"body": [{"t": "i1 1"}]}


def test_a_text_left_for_a_missing_path_does_not_hold_within_when(expanded):
    card = [{"$data": "${items}", "$when": "${price}", "t": "${price}"}, {"t": "${where(items, i, i.price)}"}]
    assert expanded(card, DATA) == [{"t": DATA["items"]}]


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"$data": "${items}", "t": "${name}"}, [{"t": "i0"}, {"t": "i1"}]),
        ({"$data": "${one}", "t": "${name}"}, {"t": "solo"}),
        ({"$data": "${empty}", "t": "${name}"}, None),
        ({"$data": "${items}", "$when": "${name == 'i1'}", "t": "${name}"}, {"t": "i1"}),
        ({"$when": "${!flag}", "a": 1}, None),
        ({"$when": "dropped", "a": "${name}"}, None),
    ],
)
def test_outside_of_a_list_objects_are_a_list_only_if_there_are_several(expanded, element, expected):
    assert expanded({"x": element}, DATA) == {"x": expected}
    assert expanded(element, DATA) == expected


def test_inner_lists_are_flattened_and_null_is_dropped(expanded):
    card = [1, None, [2, [3, None]], "${words}", "${nothing}", ["${name}", {"$data": "${items}", "t": 1}]]
    assert expanded(card, DATA) == [1, 2, 3, "a", "b", "Ann", {"t": 1}, {"t": 1}]
    assert expanded("${nested}", {"nested": [[1], None]}) == [[1], None]
    assert expanded(["${nested}"], {"nested": [[1], None]}) == [[1], None]


def test_a_missing_member_in_brackets_is_dropped(expanded):
    card = {"a": "${thing['none']}", "b": "${nothing}", "c": ["${thing['none']}", "${thing['no' + 'ne']}"]}
    assert expanded(card, DATA) == {"b": None, "c": [None, None]}
    assert expanded("${thing['none']}", DATA) is None
    assert expanded("${missing['none']}", DATA) is None


def test_names_of_the_template_language_are_dropped_and_other_keys_are_kept(expanded):
    card = {"$root": 1, "$index": "${name}", "$host": {}, "$_acTemplateVersion": [], "$foo": 2, "${name}": 3, "a/b": 4}
    assert expanded(card, DATA) == {"$foo": 2, "${name}": 3, "a/b": 4}


def test_the_host_may_be_any_value(seen):
    card = parse_card({"a": "${$host.theme}", "b": "${$host}", "c": [{"$data": "${$host.list}", "t": "${$data}"}]})
    host = {"theme": "dark", "list": [1, 2]}
    assert card.expand(seen(DATA), host=host) == {"a": "dark", "b": host, "c": [{"t": 1}, {"t": 2}]}
    assert card.expand(seen(DATA)) == {"a": "${$host.theme}", "b": "${$host}", "c": [{"t": "${$host.list}"}]}
    assert card.references == ()


def test_other_names_with_a_dollar_have_no_value(expanded):
    assert expanded("${$index} ${$foo.bar} ${getProperty('$foo')}", {**DATA, "$foo": {"bar": 1}}) == (
        "${$index} ${$foo.bar} ${$foo}"
    )
    assert expanded("${foreach(words, $w, $w + $root.name)}", DATA) == ["aAnn", "bAnn"]
    assert expanded("${getProperty('$root.name')} ${getProperty('name')}", DATA) == "Ann Ann"


def test_a_card_can_ask_which_language_it_is_written_in(expanded):
    assert expanded("${$_acTemplateVersion.major}.${$_acTemplateVersion.minor}", DATA) == "2.3"


def test_data_given_to_expand_replaces_the_document(seen):
    card = parse_card({"t": "${name} ${$root.name}"})
    assert card.expand(seen(DATA), {"name": "Eve"}) == {"t": "Eve Eve"}
    assert card.expand(seen(DATA), 5) == {"t": "${name} ${$root.name}"}
    assert card.expand(seen(DATA), None) == {"t": "${name} ${$root.name}"}
    assert card.expand(seen(DATA)) == {"t": "Ann Ann"}


def test_the_document_may_be_lazy(seen):
    card = parse_card({"t": "${NAME} ${$root.Name}", "r": "${$root}", "d": "${$data}"})
    made = card.expand(seen(MappingProxyType({"name": "Ann"})))
    assert made == {"t": "Ann Ann", "r": {"name": "Ann"}, "d": {"name": "Ann"}}
    assert type(made["r"]) is dict


def test_a_template_can_be_expanded_again(seen):
    card = parse_card(
        {"rows": [{"$data": "${items}", "$when": "${$index == 0}", "t": "${name}"}], "c": [None, {"d": []}]}
    )
    for _ in range(2):
        assert card.expand(seen(DATA)) == {"rows": [{"t": "i0"}], "c": [{"d": []}]}
    assert card.expand(seen({"items": [{"name": "x"}]})) == {"rows": [{"t": "x"}], "c": [{"d": []}]}


def test_references_are_the_paths_of_the_document():
    card = parse_card(
        {
            "a": "${x.y} ${$root.z} ${$data.w} ${$index} ${$host.h}",
            "b": [{"$data": "${items}", "$when": "${ok}", "t": "${name} ${$root.deep.er} ${$data.n} ${x[name]}"}],
            "c": "${foreach(list, $root, $root.n)}",
        }
    )
    assert card.references == (("x", "y"), ("z",), ("w",), ("items",), ("deep", "er"), ("list",))
    assert parse_card("${$root}").references == ((),)
    assert parse_card("${$root[0]}").references == ((),)
    assert [pointer for pointer, _ in card.expressions] == [
        *["/a"] * 5,
        "/b/0/$data",
        "/b/0/$when",
        *["/b/0/t"] * 4,
        "/c",
    ]


@pytest.mark.parametrize(
    ("card", "pointer"),
    [
        ({"body": [{"text": "${1 +}"}]}, "/body/0/text"),
        ({"body": [{"$data": "${1 +}"}]}, "/body/0/$data"),
        ({"body": [{"$data": {"a": ["${1 +}"]}}]}, "/body/0/$data/a/0"),
        ({"body": [{"$when": "x ${nope()}"}]}, "/body/0/$when"),
        ({"body": [{"$when": ["${1 +}"]}]}, "/body/0/$when/0"),
        ({"body": [{"$index": "${1 +}"}]}, "/body/0/$index"),
    ],
)
def test_a_syntax_error_names_the_field(card, pointer):
    with pytest.raises(ExpressionSyntaxError) as caught:
        parse_card(card)
    assert caught.value.pointer == pointer


def test_an_expression_of_a_card_can_be_evaluated_alone(seen):
    (_, expression), (_, index) = parse_card("${name} ${$index}").expressions
    assert expression.evaluate(seen(DATA)) == "Ann"
    assert index.evaluate(seen(DATA)) == "${$index}"
    assert expression.path == ("name",)
    assert index.path is None


def test_a_realistic_card_is_expanded(expanded):
    card = {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "Order ${payload.output.po}", "isVisible": "${payload.output.amount > 0}"},
            {
                "type": "FactSet",
                "facts": [
                    {
                        "$data": "${payload.output.lines}",
                        "title": "${text}",
                        "value": "${price} ${$root.payload.output.currency}",
                    }
                ],
            },
            {"type": "TextBlock", "$when": "${payload.output.amount > 10000}", "text": "Needs two signatures"},
        ],
        "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}],
    }
    lines = [{"text": "Paper", "price": 500}, {"text": "Ink", "price": 1000.0}]
    data = {"payload": {"output": {"po": "4500017", "amount": 1500, "currency": "EUR", "lines": lines}}}
    assert expanded(card, data) == {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "text": "Order 4500017", "isVisible": True},
            {
                "type": "FactSet",
                "facts": [{"title": "Paper", "value": "500 EUR"}, {"title": "Ink", "value": "1000 EUR"}],
            },
        ],
        "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"action": "approve"}}],
    }
