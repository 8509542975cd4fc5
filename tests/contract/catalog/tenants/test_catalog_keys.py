import asyncio
import hashlib
import re
from datetime import timedelta

import pytest

from kit.catalog import statements_on
from looply.catalog import Catalog
from looply.catalog.tenants.keys import KeyDraft, NewKey
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, NotFound, Refused
from looply.permissions import permissions_of


@pytest.fixture
def create(catalog: Catalog, mine):
    async def act(scopes=("trigger",), expires_on=None, **options) -> NewKey:
        draft = KeyDraft("SAP", scopes, expires_on)
        return await catalog.keys.create(mine.organization_id, mine.workspace_id, draft, **options)

    return act


@pytest.fixture
def authenticate(catalog: Catalog, clock):
    async def act(text: str, by: Catalog = catalog) -> Principal | None:
        return await by.keys.authenticate(text, clock.now())

    return act


async def test_a_key_has_a_public_prefix_and_256_secret_bits(create) -> None:
    made = await create()

    assert re.fullmatch(r"lk_[a-z2-7]{8}_[A-Za-z0-9_-]{43}", made.text)
    assert made.text[3:11] == made.key.prefix


async def test_a_key_authenticates_its_organization_and_scopes(create, authenticate, mine) -> None:
    made = await create(["read", "trigger", "read"])

    expected = Principal(
        organization_id=mine.organization_id,
        workspace_id=mine.workspace_id,
        key_id=made.key.key_id,
        name="SAP",
        permissions=permissions_of({"read", "trigger"}),
    )
    assert await authenticate(made.text) == expected
    assert await authenticate(made.text) == expected


async def test_keys_and_prefixes_differ(create) -> None:
    made = [await create() for _ in range(20)]

    assert len({new.text for new in made}) == len({new.key.prefix for new in made}) == 20


async def test_anything_but_the_exact_text_opens_nothing(create, authenticate) -> None:
    made = await create()
    other = await create()
    prefix = made.text[:12]
    wrong = [
        "",
        " ",
        "x",
        prefix,
        made.text[:-1],
        made.text + " ",
        made.text.upper(),
        prefix + "A" * 43,
        other.text[:12] + made.text[12:],
        "lk_aaaaaaaa_" + made.text[12:],
        "x" * 10_000,
        "lk_\x00\x00\x00\x00\x00\x00\x00\x00_",
        "lk_äöüäöüäö_",
        "\ud800",
    ]

    assert [await authenticate(text) for text in wrong] == [None] * len(wrong)


async def test_a_refusal_costs_one_look_up_whatever_is_wrong_with_the_key(create, authenticate) -> None:
    made, other = await create(), await create()
    unknown, wrong, mixed = (
        f"lk_aaaaaaaa_{made.text[12:]}",
        f"{made.text[:12]}{'A' * 43}",
        other.text[:12] + made.text[12:],
    )
    reads = []
    for text in (unknown, wrong, mixed, "x"):
        with statements_on("api_keys") as found:
            assert await authenticate(text) is None
        reads.append(found)
    assert len(reads[0]) == 1
    assert reads == [reads[0]] * len(reads)


async def test_the_stored_form_has_no_key_text(create, catalog: Catalog, stored_bytes) -> None:
    made = await create()
    await catalog.close()

    stored = stored_bytes()
    secret = made.text[12:]
    assert made.text.encode() not in stored
    assert not any(secret[start : start + 8].encode() in stored for start in range(36))
    assert made.key.prefix.encode() in stored
    assert hashlib.sha256(made.text.encode()).digest() in stored


async def test_the_text_is_not_shown_by_repr(create) -> None:
    made = await create()

    assert made.text not in repr(made)
    assert made.text[12:] not in f"{made!s}"


async def test_a_key_that_expires_opens_nothing_from_that_instant_on(create, authenticate, clock) -> None:
    made = await create(expires_on=clock.now() + timedelta(seconds=2))
    assert await authenticate(made.text) is not None

    clock.advance(timedelta(seconds=1.999))
    assert await authenticate(made.text) is not None
    clock.advance(timedelta(milliseconds=1))
    assert await authenticate(made.text) is None
    clock.advance(timedelta(seconds=10))
    assert await authenticate(made.text) is None


async def test_a_revoked_key_opens_nothing_at_once(create, authenticate, catalog: Catalog, mine, clock) -> None:
    made, other = await create(), await create()
    assert await authenticate(made.text) is not None
    assert await authenticate(other.text) is not None

    revoked = (await catalog.keys.revoke(mine.organization_id, made.key.key_id)).key

    assert revoked.revoked_on == clock.now()
    assert await authenticate(made.text) is None
    assert await authenticate(other.text) is not None


async def test_a_look_up_that_began_before_a_revocation_does_not_bring_the_key_back(
    create, authenticate, catalog: Catalog, mine
) -> None:
    made = await create()
    await asyncio.gather(
        authenticate(made.text), catalog.keys.revoke(mine.organization_id, made.key.key_id), authenticate(made.text)
    )

    assert await authenticate(made.text) is None


async def test_revoking_again_changes_nothing(create, catalog: Catalog, mine, clock) -> None:
    made = await create()
    first = await catalog.keys.revoke(mine.organization_id, made.key.key_id)
    clock.advance(timedelta(days=1))

    assert await catalog.keys.revoke(mine.organization_id, made.key.key_id) == first


async def test_calls_that_come_together_share_one_look_up(create, authenticate, catalog: Catalog) -> None:
    made = await create()
    calls = [asyncio.ensure_future(authenticate(made.text)) for _ in range(2000)]

    principals = await asyncio.gather(*calls)
    assert None not in principals


async def test_a_call_that_is_cancelled_leaves_the_look_up_to_the_others(create, authenticate) -> None:
    made = await create()
    first, second = asyncio.ensure_future(authenticate(made.text)), asyncio.ensure_future(authenticate(made.text))
    await asyncio.sleep(0)
    first.cancel()

    assert await second is not None


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "Read"], [""]])
async def test_scopes_that_do_not_exist_are_refused(create, scopes) -> None:
    with pytest.raises(Refused) as caught:
        await create(scopes)

    assert caught.value.problems[0].path == "/scopes"


async def test_an_expiry_in_the_past_is_refused(create, clock) -> None:
    with pytest.raises(Refused) as caught:
        await create(expires_on=clock.now())

    assert caught.value.problems[0].path == "/expires_on"


async def test_the_list_shows_keys_newest_first_without_their_text(create, catalog: Catalog, mine, clock) -> None:
    made = []
    for _ in range(5):
        made.append(await create(["manage"], actor="k1"))
        clock.advance(timedelta(seconds=1))
    await catalog.keys.revoke(mine.organization_id, made[1].key.key_id)

    page = await catalog.keys.list_page(mine.organization_id, 3)
    rest = await catalog.keys.list_page(mine.organization_id, 3, page.items[-1].key_id)
    assert [key.key_id for key in (*page.items, *rest.items)] == [new.key.key_id for new in reversed(made)]
    assert (page.has_more, rest.has_more) == (True, False)
    assert rest.items[0].revoked_on is not None
    assert page.items[0] == made[4].key == await catalog.keys.get(mine.organization_id, made[4].key.key_id)
    assert page.items[0].created_by == "k1"
    assert not any(new.text in repr(page) for new in made)


async def test_an_unknown_or_malformed_key_id_is_reported(catalog: Catalog, mine) -> None:
    with pytest.raises(NotFound) as caught:
        await catalog.keys.revoke(mine.organization_id, mine.organization_id)
    assert caught.value.code == "KEY_NOT_FOUND"
    with pytest.raises(BadRequest, match="incorrect key id"):
        await catalog.keys.revoke(mine.organization_id, "lk_x")
