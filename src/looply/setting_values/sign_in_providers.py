"""The providers of OpenID Connect by which people sign in, as the setting `sign_in_providers` describes them."""

import json
import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from looply.permissions import Role

Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]

_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))
_RESERVED: Final = "local"
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,300}")
_MAX_PROVIDERS: Final = 20
_FORM: Final = (
    'a list of providers, in the environment as JSON such as [{"id": "keycloak", "label": "Keycloak", '
    '"issuer": "https://id.example.com/realms/main", "client_id": "looply", "client_secret": "..."}]'
)


class GroupRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The role that members of a group of the provider have in an organization."""

    group: Text
    organization_id: Text
    role: Role


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. `id` is in addresses and in the list of sessions, `label` on the page of sign-in.

    `tenant` pins a provider of Microsoft Entra to one tenant. `groups` maps groups, which the claim `groups_claim`
    lists, to roles. With `just_in_time` a person without an invitation becomes a member, with the roles of their
    groups, else as a viewer of `organization_id`.
    """

    id: Id
    label: Text
    issuer: Text
    client_id: Text
    client_secret: str = ""
    tenant: str = ""
    scopes: tuple[Text, ...] = ("openid", "profile", "email")
    groups_claim: Text = "groups"
    groups: tuple[GroupRole, ...] = ()
    just_in_time: bool = False
    organization_id: str = ""

    def __repr__(self) -> str:
        return f"ProviderSettings(id={self.id!r}, issuer={self.issuer!r}, client_secret='***')"

    @property
    def host(self) -> str:
        """Host and port of the issuer, as an entry of `egress_allow`."""
        parts = urlsplit(self.issuer)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def read_providers(value: Any) -> tuple[ProviderSettings, ...]:
    """Returns the providers of the setting: a list of tables, or the same as JSON. Raises: ValueError."""
    try:
        given = json.loads(value) if isinstance(value, str) else value
        providers = msgspec.convert(given, tuple[ProviderSettings, ...])
    except ValueError as error:
        raise ValueError(f"{_FORM}; {error}") from error
    for provider in providers:
        _check(provider)
    ids = [provider.id for provider in providers]
    if len(set(ids)) != len(ids) or len(ids) > _MAX_PROVIDERS:
        raise ValueError(f"at most {_MAX_PROVIDERS} providers, each with an id of its own")
    return providers


def is_safe_url(url: str) -> bool:
    """Returns whether requests to a URL of a provider are encrypted, or stay on this machine."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = bool(parts.hostname) and has_port and not parts.username and not parts.fragment
    return is_plain and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))


def _check(provider: ProviderSettings) -> None:
    def refuse(field: str, expected: str) -> None:
        raise ValueError(f"of the provider {provider.id!r} as {field} {expected}")

    if provider.id == _RESERVED:
        refuse("id", "another text than 'local'")
    if not is_safe_url(provider.issuer) or urlsplit(provider.issuer).query:
        refuse("issuer", "an https address without a query")
    if _CLIENT_ID.fullmatch(provider.client_id) is None:
        refuse("client_id", "a text of printable ASCII characters")
    if "openid" not in provider.scopes:
        refuse("scopes", "a list with 'openid'")
    if provider.just_in_time and not (provider.organization_id or provider.groups):
        refuse("organization_id", "the organization of new people, or a table of groups")
