"""The handles of copies: which messages they name, and how two of them become one."""

import pytest

from looply.engine.cards.handles import is_handle, join_handles, message_ids


@pytest.mark.parametrize(
    ("handle", "ids"),
    [
        ("", ()),
        ("{}", ()),
        ('{"c":"x"}', ()),
        ('{"a":["1","2"]}', ("1", "2")),
        ('{"a":["1",2,null]}', ("1",)),
        ('{"a":"1"}', ("1",)),
        ("[1]", ()),
        ("{", ()),
        ("message 1", ()),
    ],
)
def test_a_handle_names_messages(handle: str, ids: tuple[str, ...]) -> None:
    assert message_ids(handle) == ids


@pytest.mark.parametrize(
    ("handle", "is_one"),
    [
        ("{}", True),
        ('{"a":[]}', True),
        ('{"s":"u","a":["1"]}', True),
        ("", False),
        ("[]", False),
        ("{", False),
        ('{"a":[1]}', False),
    ],
)
def test_a_handle_is_an_object_with_a_list_of_texts(handle: str, is_one: bool) -> None:
    assert is_handle(handle) is is_one


@pytest.mark.parametrize(
    ("newer", "stored", "known", "joined"),
    [
        ('{"a":["1"]}', "", "", '{"a":["1"]}'),
        ('{"a":["1"]}', '{"a":["1"]}', "", '{"a":["1"]}'),
        ('{"s":"new","a":["2"]}', '{"s":"old","a":["1"]}', "", '{"s":"new","a":["2","1"]}'),
        # A message that the newer handle was made without is gone; one that came since then is not.
        ('{"a":["2"]}', '{"a":["1","3"]}', '{"a":["1"]}', '{"a":["2","3"]}'),
        ('{"a":["2"]}', '{"a":["1"]}', '{"a":["1"]}', '{"a":["2"]}'),
        ("", '{"a":["1"]}', "", '{"a":["1"]}'),
    ],
)
def test_two_handles_become_one(newer: str, stored: str, known: str, joined: str) -> None:
    assert join_handles(newer, stored, known) == joined
