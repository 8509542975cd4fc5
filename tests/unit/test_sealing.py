import pytest

from looply.errors import LooplyError, SettingsError
from looply.sealing import KEY_BYTES, NONCE_BYTES, SealBroken, Sealer, data_key_header, data_key_number

KEY = bytes(range(KEY_BYTES))
PLACE = "organization|connection|1|1"


class CountingEntropy:
    """Returns a different, predictable value each time."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def token(self, size: int) -> bytes:
        self.calls.append(size)
        return len(self.calls).to_bytes(size, "big")


@pytest.mark.parametrize("plaintext", [b"", b"s", b"secret" * 10_000, bytes(range(256))])
def test_a_sealed_value_opens_in_its_row(plaintext: bytes) -> None:
    sealer = Sealer(KEY)

    assert sealer.open(sealer.seal(plaintext, PLACE), PLACE) == plaintext


def test_a_sealed_value_begins_with_the_key_version_and_the_nonce() -> None:
    sealed = Sealer(KEY, CountingEntropy()).seal(b"secret", PLACE)

    assert sealed[0] == 1
    assert sealed[1 : 1 + NONCE_BYTES] == (1).to_bytes(NONCE_BYTES, "big")
    assert b"secret" not in sealed


def test_each_sealing_takes_a_new_nonce_from_the_entropy() -> None:
    entropy = CountingEntropy()
    sealer = Sealer(KEY, entropy)

    assert sealer.seal(b"secret", PLACE) != sealer.seal(b"secret", PLACE)
    assert entropy.calls == [NONCE_BYTES, NONCE_BYTES]


def test_it_does_not_open_in_another_row() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret", PLACE)

    with pytest.raises(SealBroken) as caught:
        sealer.open(sealed, "organization|connection|1|2")

    assert caught.value.code == "SEAL_BROKEN"
    assert isinstance(caught.value, LooplyError)


def test_another_key_does_not_open_it() -> None:
    sealed = Sealer(KEY).seal(b"secret", PLACE)

    with pytest.raises(SealBroken, match="another key"):
        Sealer(bytes(KEY_BYTES)).open(sealed, PLACE)


def test_every_changed_byte_is_noticed() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret", PLACE)

    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealBroken):
            sealer.open(bytes(changed), PLACE)


def test_every_truncation_is_noticed() -> None:
    sealer = Sealer(KEY)
    sealed = sealer.seal(b"secret", PLACE)

    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            sealer.open(sealed[:length], PLACE)


def test_a_row_may_have_a_name_of_any_characters() -> None:
    sealer = Sealer(KEY)
    row = "ü|\x00|\ud800"

    assert sealer.open(sealer.seal(b"secret", row), row) == b"secret"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(SettingsError, match="16 bytes"):
        Sealer(bytes(16))


def test_a_value_names_the_number_of_the_data_key_that_sealed_it() -> None:
    sealer = Sealer(KEY, head=data_key_header(7))
    sealed = sealer.seal(b"secret", PLACE)

    assert (data_key_number(sealed), sealer.open(sealed, PLACE)) == (7, b"secret")
    with pytest.raises(SealBroken):
        Sealer(KEY, head=data_key_header(8)).open(data_key_header(8) + sealed[5:], PLACE)


@pytest.mark.parametrize("head", [b"", b"\x00", b"\x01" + bytes(40), b"\x02", b"\x03" + bytes(40)])
def test_a_head_of_another_kind_is_refused(head: bytes) -> None:
    with pytest.raises(SealBroken, match="head"):
        data_key_number(head)


def test_a_million_values_of_one_key_have_a_million_nonces() -> None:
    sealer = Sealer(KEY)
    nonces = {sealer.seal(b"", PLACE)[1 : 1 + NONCE_BYTES] for _ in range(1_000_000)}

    assert len(nonces) == 1_000_000
