"""Which activities are taken for Microsoft's, and which are not."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from looply.connectors.port import HttpSender
from looply.connectors.teams.calls.settings import Account
from looply.connectors.teams.inbound.activities import MOST_BYTES, Activity, Wrote, read_activity
from looply.connectors.teams.inbound.keys import KeyRing
from looply.connectors.teams.inbound.receiving import receive
from looply.connectors.teams.inbound.verifying import WINDOW, Claims, NotVerified, Verifier
from looply.demo.teams.activities import Activities
from looply.demo.teams.signing import Key, without_signature
from looply.demo.teams.simulator import APP, TeamsSimulator
from looply.errors import BadRequest, BodyTooLarge

OTHER_TENANT = "99999999-2222-3333-4444-555555555555"


@pytest.fixture
def now(clock: Any) -> datetime:
    found: datetime = clock.now()
    return found


@pytest_asyncio.fixture
async def verifier(
    teams: TeamsSimulator, sender: Callable[[timedelta], HttpSender], account: Account, clock: Any
) -> AsyncIterator[Verifier]:
    keys = KeyRing(account.places.openid, sender, clock)
    yield Verifier(account, keys, clock)
    await keys.close()


@pytest.fixture
def activity(teams: TeamsSimulator, activities: Activities) -> Activity:
    return read_activity(activities.say(teams.world.add_user("Anna", "anna@contoso.test")))


async def reason_of(verifier: Verifier, authorization: str) -> str:
    with pytest.raises(NotVerified) as caught:
        await verifier.verify_token(authorization)
    return caught.value.reason


async def test_an_activity_of_microsoft_is_taken(
    verifier: Verifier, activities: Activities, activity: Activity, now: datetime
) -> None:
    claims = await verifier.verify_token(activities.authorization(now))
    assert (claims.aud, claims.endorsements) == (APP, {"msteams"})
    verifier.verify_activity(claims, activity)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://evil.example"}, "wrong issuer"),
        ({"iss": "https://api.botframework.com/"}, "wrong issuer"),
        ({"aud": "00000000-0000-0000-0000-000000000000"}, "wrong audience"),
        ({"aud": [APP]}, "no valid token"),
        ({"exp": "soon"}, "no valid token"),
        ({"exp": True}, "no valid token"),
    ],
)
async def test_a_token_with_another_claim_is_refused(
    verifier: Verifier, activities: Activities, now: datetime, changes: dict[str, Any], reason: str
) -> None:
    assert await reason_of(verifier, activities.authorization(now, **changes)) == reason


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        ({"exp": -301}, "expired"),
        ({"exp": -300}, "expired"),
        ({"exp": 27 * 3600}, "expired"),
        ({"exp": float("inf")}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"nbf": 301}, "not yet valid"),
        ({"iat": 301}, "not yet valid"),
    ],
)
async def test_the_time_of_a_token_is_checked(
    verifier: Verifier, activities: Activities, now: datetime, seconds: dict[str, float], reason: str
) -> None:
    claims = {name: now.timestamp() + value for name, value in seconds.items()}
    assert await reason_of(verifier, activities.authorization(now, **claims)) == reason


@pytest.mark.parametrize("seconds", [{"exp": -299}, {"exp": -299.5}, {"exp": 1.25}, {"nbf": 299}])
async def test_clocks_may_differ_by_five_minutes_and_seconds_may_have_fractions(
    verifier: Verifier, activities: Activities, now: datetime, seconds: dict[str, float]
) -> None:
    claims = {name: now.timestamp() + value for name, value in seconds.items()}
    assert await verifier.verify_token(activities.authorization(now, **claims))


async def test_a_token_that_nothing_or_another_key_has_signed_is_refused(
    verifier: Verifier, teams: TeamsSimulator, activities: Activities, now: datetime
) -> None:
    claims, key = activities.claims(now), teams.keys[0]
    found = {
        "none": await reason_of(verifier, f"Bearer {without_signature(claims, 'main')}"),
        "none with a signature": await reason_of(verifier, f"Bearer {without_signature(claims, 'main', 'AAAA')}"),
        "shared secret": await reason_of(verifier, f"Bearer {key.sign_with_public_part(claims)}"),
        "another key": await reason_of(verifier, f"Bearer {key.sign(claims, by='thief')}"),
        "unknown key": await reason_of(verifier, f"Bearer {Key('thief').sign(claims)}"),
        "another algorithm": await reason_of(verifier, f"Bearer {key.sign(claims, {'alg': 'PS256'})}"),
        "a key of its own": await reason_of(
            verifier, f"Bearer {key.sign(claims, {'kid': 'thief', 'jwk': Key('thief').public()}, by='thief')}"
        ),
    }
    assert found == {
        "none": "no valid token",
        "none with a signature": "wrong algorithm",
        "shared secret": "wrong algorithm",
        "another key": "wrong signature",
        "unknown key": "unknown key",
        "another algorithm": "wrong algorithm",
        "a key of its own": "unknown key",
    }


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "no token"),
        ("Basic abc", "no token"),
        ("Bearer", "no token"),
        ("Bearer abc", "no valid token"),
        ("Bearer a.b.c", "no valid token"),
        ("Bearer e30.e30.e30 ", "wrong algorithm"),
        ("Bearer W10.e30.e30", "no valid token"),
        (f"Bearer {'a' * 9000}.b.c", "no valid token"),
        ("Bearer \xff.b.c", "no valid token"),
    ],
)
async def test_what_is_no_token_is_refused_without_a_look_at_the_keys(
    verifier: Verifier, teams: TeamsSimulator, header: str, reason: str
) -> None:
    assert await reason_of(verifier, header) == reason
    assert teams.requests == []


async def test_a_key_for_another_channel_is_not_taken_for_teams(
    verifier: Verifier, teams: TeamsSimulator, activities: Activities, activity: Activity, now: datetime
) -> None:
    claims = await verifier.verify_token(f"Bearer {teams.keys[1].sign(activities.claims(now))}")
    with pytest.raises(NotVerified, match="not endorsed"):
        verifier.verify_activity(claims, activity)


async def test_an_activity_that_its_token_is_not_for_is_refused(
    verifier: Verifier, teams: TeamsSimulator, activities: Activities, activity: Activity, now: datetime
) -> None:
    claims = await verifier.verify_token(activities.authorization(now))

    def reason(claims: Claims = claims, **changes: Any) -> str:
        with pytest.raises(NotVerified) as caught:
            verifier.verify_activity(claims, msgspec.structs.replace(activity, **changes))
        return str(caught.value.reason)

    conversation = activity.conversation
    abroad = msgspec.structs.replace(conversation, tenant_id=OTHER_TENANT)
    nowhere = msgspec.structs.replace(conversation, tenant_id="")
    foreign = "https://evil.example/teams"
    assert reason(service_url="https://evil.example/teams") == "wrong service address"
    assert reason(service_url="") == "wrong service address"
    # Also where the token says the same: the token of the bot would be sent there.
    assert reason(msgspec.structs.replace(claims, serviceurl=foreign), service_url=foreign) == "wrong service address"
    assert reason(msgspec.structs.replace(claims, serviceurl="")) == "wrong service address"
    assert reason(conversation=abroad) == "foreign tenant"
    data = msgspec.structs.replace(activity.channel_data, tenant=None)
    assert reason(conversation=nowhere, channel_data=data) == "foreign tenant"
    assert reason(channel_id="webchat") == "wrong channel"


async def test_nothing_of_a_body_is_read_before_its_token_is_verified(
    verifier: Verifier, teams: TeamsSimulator, activities: Activities, now: datetime
) -> None:
    anna = teams.world.add_user("Anna", "anna@contoso.test")
    token = activities.authorization(now)
    found = await receive(verifier, token, activities.say(anna))
    assert isinstance(found.event, Wrote)
    assert found.until == now + WINDOW
    with pytest.raises(NotVerified, match="no token"):
        await receive(verifier, "", b"no JSON")
    with pytest.raises(BadRequest):
        await receive(verifier, token, b"no JSON")
    with pytest.raises(NotVerified, match="wrong service address"):
        await receive(verifier, activities.authorization(now, serviceurl="https://x.example"), activities.say(anna))
    before = len(teams.requests)
    with pytest.raises(BodyTooLarge):
        await receive(verifier, "", b" " * (MOST_BYTES + 1))
    assert len(teams.requests) == before


async def test_the_address_may_end_with_a_slash(
    verifier: Verifier, activities: Activities, activity: Activity, now: datetime
) -> None:
    claims = await verifier.verify_token(activities.authorization(now, serviceurl=f"{activity.service_url}/"))
    verifier.verify_activity(claims, activity)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(-900, None), (-901, "old timestamp"), (300, None), (301, "timestamp in the future"), (0, None)],
)
async def test_an_activity_that_was_made_long_ago_or_in_the_future_is_refused(
    verifier: Verifier, activities: Activities, activity: Activity, now: datetime, seconds: int, reason: str | None
) -> None:
    claims = await verifier.verify_token(activities.authorization(now))
    made = now + timedelta(seconds=seconds)
    changed = msgspec.structs.replace(activity, timestamp=f"{made:%Y-%m-%dT%H:%M:%S.%f}0Z")
    if reason is None:
        assert verifier.verify_activity(claims, changed) == made + WINDOW
        return
    with pytest.raises(NotVerified) as caught:
        verifier.verify_activity(claims, changed)
    assert caught.value.reason == reason


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-07-01T12:00:00", "1751371200"])
async def test_a_time_that_is_none_is_refused_and_an_activity_without_one_is_taken_as_long_as_its_token(
    verifier: Verifier, activities: Activities, activity: Activity, now: datetime, timestamp: str
) -> None:
    claims = await verifier.verify_token(activities.authorization(now))
    with pytest.raises(NotVerified, match="no valid timestamp"):
        verifier.verify_activity(claims, msgspec.structs.replace(activity, timestamp=timestamp))
    untimed = verifier.verify_activity(claims, msgspec.structs.replace(activity, timestamp=""))
    assert untimed.timestamp() == claims.exp + 300
