"""Addresses, keys, tokens, ids and random numbers: functions of the execution and the address."""

import base64
from uuid import UUID

import pytest

from looply.execution.facts.address import (
    Address,
    RandomStream,
    card_id,
    card_token,
    idempotency_key,
    incident_id,
    is_genuine,
    jitter,
    parse_address,
    parse_token,
    wait_token,
)

EXECUTION = "01944ca1-1c00-7000-8000-000000000001"
SEED = bytes(range(16))


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("", "http_1", 1), "http_1:1"),
        (Address("forEach_1[17]", "http_1", 3), "forEach_1[17]/http_1:3"),
        (Address("p:a/forEach_1[2]", "x", 20), "p:a/forEach_1[2]/x:20"),
    ],
)
def test_an_address_has_one_text(address, text):
    assert address.text == text
    assert parse_address(text) == address
    assert Address(**address.fields) == address
    assert idempotency_key(EXECUTION, address) == f"{EXECUTION}:{text}"


def test_a_token_names_its_wait_or_card_and_proves_it():
    address = Address("", "wait_1", 2)
    token = parse_token(wait_token(EXECUTION, SEED, address))
    assert token is not None
    assert (token.execution_id, token.address, token.part) == (EXECUTION, "wait_1:2", -1)
    assert is_genuine(token, SEED)
    assert not is_genuine(token, bytes(16))
    assert not is_genuine(token._replace(part=0), SEED)
    assert not is_genuine(token._replace(address="wait_1:3"), SEED)
    card = parse_token(card_token(EXECUTION, SEED, address, 7))
    assert card is not None
    assert card.part == 7
    assert is_genuine(card, SEED)


def test_a_token_does_not_show_the_seed():
    raw = base64.urlsafe_b64decode(wait_token(EXECUTION, SEED, Address("", "wait_12", 1)) + "==")
    assert SEED not in raw


GENUINE = wait_token(EXECUTION, SEED, Address("", "a", 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "====",
        "ü",
        GENUINE + "=",
        GENUINE + " ",
        " " + GENUINE,
        GENUINE[:-4],
        GENUINE[:20],
        GENUINE + "A",
        base64.urlsafe_b64encode(bytes(32) + b"a:1#01").decode(),
        base64.urlsafe_b64encode(bytes(32) + b"a:x#1").decode(),
        base64.urlsafe_b64encode(bytes(32) + b"nothing").decode(),
        base64.urlsafe_b64encode(bytes(32) + b"\xff\xff").decode(),
        base64.urlsafe_b64encode(bytes(32) + b"a:" + b"9" * 5000 + b"#1").decode(),
        "x" * 100_000,
    ],
)
def test_a_text_that_is_no_token_is_none(text):
    assert parse_token(text) is None


def test_of_a_text_that_is_no_token_no_more_than_its_end_is_decoded(monkeypatch):
    decoded = []
    decode = base64.urlsafe_b64decode
    monkeypatch.setattr(base64, "urlsafe_b64decode", lambda text: decoded.append(len(text)) or decode(text))
    assert parse_token("n" * 100_000) is None
    assert parse_token(GENUINE) is not None
    assert decoded[0] <= 24
    assert len(decoded) == 3


def test_ids_are_uuids_and_differ_by_address():
    address = Address("", "ask", 1)
    ids = [card_id(EXECUTION, address, 0), card_id(EXECUTION, address, 1), card_id(EXECUTION, Address("", "ask", 2), 0)]
    ids += [incident_id(EXECUTION, 1), incident_id(EXECUTION, 2)]
    assert len({str(UUID(text)) for text in ids}) == 5


def test_jitter_lies_between_zero_and_one_and_differs_by_attempt():
    values = [jitter(EXECUTION, Address("", "a", 1), attempt) for attempt in range(100)]
    assert all(0 <= value < 1 for value in values)
    assert len(set(values)) == 100
    assert values[0] == jitter(EXECUTION, Address("", "a", 1), 0)


def test_chance_is_a_stream_of_the_seed_the_visit_and_the_part():
    address = Address("", "a", 1)
    stream = RandomStream(SEED, address)
    first, second = stream(), stream()
    assert len(first) == 16
    assert first != second
    assert RandomStream(SEED, address)() == first
    others = [
        RandomStream(bytes(16), address),
        RandomStream(SEED, Address("", "a", 2)),
        RandomStream(SEED, address, "card"),
    ]
    assert first not in [other() for other in others]


def test_each_byte_of_the_proof_of_a_token_counts():
    token = parse_token(wait_token(EXECUTION, SEED, Address("", "wait_1", 2)))
    assert token is not None
    for index in range(len(token.proof)):
        forged = bytearray(token.proof)
        forged[index] ^= 1
        assert not is_genuine(token._replace(proof=bytes(forged)), SEED)
    assert not is_genuine(token._replace(proof=token.proof[:8]), SEED)
