"""The master keys of a process: the key file, and the setting."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from looply.errors import SettingsError
from looply.master_keys import MasterKey, MasterKeys, new_key, parse_keys
from looply.sealing import KEY_BYTES

KEYS = tuple(MasterKey(bytes([number]) * KEY_BYTES) for number in range(3))


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_is_read_from_both_alphabets_with_or_without_padding(encode: object) -> None:
    key = bytes([0xFB, 0xFF] * 16)
    text = encode(key).decode()  # type: ignore[operator]

    assert parse_keys(f" {text}\n") == parse_keys(text.rstrip("=")) == (MasterKey(key),)


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ=", "ä" * 44, "A" * 45])
def test_a_wrong_key_text_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_keys(text)

    assert not text or text not in str(caught.value)


def test_a_missing_key_file_is_created_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    before = os.umask(0o277)
    try:
        (key,) = MasterKeys(path).create()
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key.value) == KEY_BYTES
    assert MasterKeys(path).create() == MasterKeys(path).load() == (key,)
    assert [entry.name for entry in tmp_path.iterdir()] == ["sealing.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_key_file_that_is_accessible_to_others_is_refused_with_a_hint(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "sealing.key"
    MasterKeys(path).create()
    path.chmod(mode)

    with pytest.raises(SettingsError, match=f"chmod 600 {path}") as caught:
        MasterKeys(path).load()

    assert caught.value.problems


@pytest.mark.parametrize("content", [b"", b"half a k", b"\xff\xfe", b"A" * 100])
def test_a_file_that_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sealing.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SettingsError, match=str(path)):
        MasterKeys(path).load()

    assert path.read_bytes() == content


def test_a_missing_folder_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be created"):
        MasterKeys(tmp_path / "missing" / "sealing.key").create()


def test_of_many_that_make_the_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    with ThreadPoolExecutor(max_workers=8) as pool:
        keys = set(pool.map(lambda _: MasterKeys(path).create(), range(32)))

    assert len(keys) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["sealing.key"]


def test_a_file_has_several_keys_with_ids_and_comments_the_first_one_to_use(tmp_path: Path) -> None:
    path = tmp_path / "key"
    MasterKeys(path).store(KEYS)
    with path.open("a") as file:
        file.write("# kept for the backups of June\n\n")

    assert MasterKeys(path).load() == KEYS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[0] == KEYS[0].file_line()
    assert KEYS[0].file_line().startswith(KEYS[0].key_id + ":")


def test_the_setting_has_several_keys_with_commas_or_blanks(tmp_path: Path) -> None:
    text = f"{KEYS[0].file_line()},{base64.b64encode(KEYS[1].value).decode()} {KEYS[2].file_line()}"
    keys = MasterKeys(tmp_path / "key", text)

    assert (keys.load(), keys.is_file, keys.has_changed()) == (KEYS, False, False)
    with pytest.raises(SettingsError, match="LOOPLY_ENCRYPTION_KEY: key 2 is not base64") as caught:
        MasterKeys(tmp_path / "key", f"{text.split(',', maxsplit=1)[0]},canary!").load()
    assert "canary" not in caught.value.message


def test_a_key_that_does_not_match_its_id_and_a_duplicate_key_are_refused() -> None:
    with pytest.raises(SettingsError, match="does not match its id"):
        parse_keys(KEYS[0].key_id + ":" + KEYS[1].file_line().partition(":")[2])
    with pytest.raises(SettingsError, match="given twice"):
        parse_keys(f"{KEYS[0].file_line()}\n{KEYS[0].file_line()}")


def test_a_file_is_read_again_when_it_has_changed_or_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    keys, other = MasterKeys(path), MasterKeys(path)
    assert (keys.load(), keys.has_changed()) == ((), False)
    other.store(KEYS[:1])
    assert (keys.has_changed(), keys.load(), keys.has_changed()) == (True, KEYS[:1], False)
    other.store(KEYS)
    assert keys.load() == KEYS
    path.unlink()
    assert keys.load() == ()


def test_a_key_shows_its_id_and_never_itself() -> None:
    key = new_key()
    assert base64.b64encode(key.value).decode() not in repr(key)
    assert new_key().key_id != key.key_id
