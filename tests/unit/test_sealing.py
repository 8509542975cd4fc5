import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from looply.clock import SystemEntropy
from looply.errors import LooplyError, SettingsError
from looply.sealing import KEY_BYTES, NONCE_BYTES, SealBroken, Sealer, key_from_text, load_key

KEY = bytes(range(KEY_BYTES))
PLACE = "organization|connection|1|1"


class CountingEntropy:
    """Gives a different, foreseeable value each time."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def token(self, size: int) -> bytes:
        self.calls.append(size)
        return len(self.calls).to_bytes(size, "big")


@pytest.mark.parametrize("plaintext", [b"", b"s", b"secret" * 10_000, bytes(range(256))])
def test_what_was_sealed_opens_in_its_place(plaintext: bytes) -> None:
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


def test_another_place_does_not_open_it() -> None:
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


def test_a_place_with_any_characters_can_be_named() -> None:
    sealer = Sealer(KEY)
    place = "ü|\x00|\ud800"

    assert sealer.open(sealer.seal(b"secret", place), place) == b"secret"


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(SettingsError, match="16 bytes"):
        Sealer(bytes(16))


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_is_read_from_both_alphabets_with_or_without_padding(encode: object) -> None:
    key = bytes([0xFB, 0xFF] * 16)
    text = encode(key).decode()  # type: ignore[operator]

    assert key_from_text(f" {text}\n") == key
    assert key_from_text(text.rstrip("=")) == key


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ=", "ä" * 44, "A" * 45])
def test_a_wrong_key_text_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        key_from_text(text)

    assert not text or text not in str(caught.value)


def test_a_missing_key_file_is_made_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    before = os.umask(0o277)
    try:
        key = load_key(path, SystemEntropy())
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == KEY_BYTES
    assert load_key(path, SystemEntropy()) == key
    assert [entry.name for entry in tmp_path.iterdir()] == ["sealing.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_key_file_that_others_can_use_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "sealing.key"
    load_key(path)
    path.chmod(mode)

    with pytest.raises(SettingsError, match=f"chmod 600 {path}") as caught:
        load_key(path)

    assert caught.value.problems


@pytest.mark.parametrize("content", [b"", b"half a k", b"\xff\xfe", b"A" * 100])
def test_a_file_that_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sealing.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SettingsError, match=str(path)):
        load_key(path)

    assert path.read_bytes() == content


def test_a_folder_that_is_missing_gives_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used"):
        load_key(tmp_path / "missing" / "sealing.key")


def test_of_many_that_make_the_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    with ThreadPoolExecutor(max_workers=8) as pool:
        keys = set(pool.map(lambda _: load_key(path), range(32)))

    assert len(keys) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["sealing.key"]
