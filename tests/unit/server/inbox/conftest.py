"""People who have signed in: keys whose principal is a person of the organization."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from server_kit import Caller

from looply.catalog import Catalog
from looply.catalog.tenants.principal import Person, Principal

SignIn = Callable[..., Caller]


class _Keys:
    """Keys of the catalog, and beside them those of people: `person ORGANIZATION ADDRESS`."""

    def __init__(self, keys: Any) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keys, name)

    async def authenticate(self, text: str, now: datetime) -> Principal | None:
        """Returns the principal of a key or of a person."""
        if not text.startswith("person "):
            found: Principal | None = await self._keys.authenticate(text, now)
            return found
        _, organization_id, email = text.split(" ", 2)
        person = Person(user_id=f"user of {email.lower()}", name=email.partition("@")[0], email=email)
        return Principal(
            organization_id=organization_id,
            workspace_id="",
            key_id=None,
            name=person.name,
            permissions=frozenset(("own",)),
            person=person,
        )


@pytest.fixture
def catalog(catalog: Catalog) -> Catalog:
    """Returns a catalog that knows people beside its keys."""
    keys: Any = _Keys(catalog.keys)
    return replace(catalog, keys=keys)


@pytest.fixture
def sign_in(mine: Caller) -> SignIn:
    """Returns a function that makes the caller of a person, of `mine` unless another organization is given."""

    def caller_of(email: str, of: Caller = mine) -> Caller:
        return Caller(of.client, of.organization_id, of.workspace_id, f"person {of.organization_id} {email}")

    return caller_of
