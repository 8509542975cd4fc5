"""The setting with the providers of OpenID Connect."""

import json
from typing import Any

import pytest

from looply.errors import SettingsError
from looply.setting_values.sign_in_providers import is_safe_url, read_providers
from looply.settings import load_settings

ONE: dict[str, Any] = {
    "id": "keycloak",
    "label": "Company",
    "issuer": "https://id.example.com/a",
    "client_id": "looply",
}
GROUP = {"group": "admins", "organization_id": "0199aa00-0000-7000-8000-000000000001", "role": "admin"}


def test_providers_are_a_list_of_tables_or_the_same_as_json() -> None:
    full = {**ONE, "client_secret": "s3cret", "groups": [GROUP], "just_in_time": True, "tenant": "t"}
    from_file, from_text = read_providers([full]), read_providers(json.dumps([full]))
    assert from_file == from_text
    assert (from_file[0].groups[0].role, from_file[0].host) == ("admin", "id.example.com:443")
    assert "s3cret" not in repr(from_file)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "local"},
        {"id": "Key Cloak"},
        {"id": "a/b"},
        {"label": ""},
        {"issuer": "http://id.example.com"},
        {"issuer": "https://"},
        {"issuer": "https://id.example.com/?a=b"},
        {"issuer": "https://user@id.example.com"},
        {"client_id": "a b"},
        {"client_id": 7},
        {"scopes": ["profile"]},
        {"just_in_time": True},
        {"groups": [{**GROUP, "role": "king"}]},
        {"groups": [{"group": "x"}]},
        {"secret": "x"},
    ],
)
def test_a_provider_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="provider"):
        read_providers([{**ONE, **changes}])


def test_two_providers_have_two_ids() -> None:
    with pytest.raises(ValueError, match="an id of its own"):
        read_providers([ONE, ONE])


def test_the_error_of_the_setting_does_not_show_the_secret() -> None:
    text = json.dumps([{**ONE, "client_secret": "s3cret", "issuer": "http://id.example.com"}])
    with pytest.raises(SettingsError) as raised:
        load_settings(environment={"LOOPLY_SIGN_IN_PROVIDERS": text})
    assert "s3cret" not in raised.value.message
    assert "issuer an https address" in raised.value.message


def test_passwords_are_switched_off_only_beside_a_provider() -> None:
    with pytest.raises(SettingsError, match="names no provider"):
        load_settings(flags={"local_sign_in": False})
    settings = load_settings(flags={"local_sign_in": False, "sign_in_providers": [ONE], "break_glass": "a@example.com"})
    assert (settings.local_sign_in, settings.break_glass) == (False, "a@example.com")


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://id.example.com/x", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:9", True),
        ("http://id.example.com", False),
        ("ftp://localhost", False),
        ("https://a@id.example.com", False),
        ("https://id.example.com:x", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_requests_to_a_provider_are_encrypted_or_stay_on_the_machine(url: str, is_safe: bool) -> None:
    assert is_safe_url(url) is is_safe
