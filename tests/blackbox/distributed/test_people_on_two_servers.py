"""People on two servers that share a database: a session is one on both, and what ends it ends it on both."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2
import pytest

from blackbox.harness.installation import Installation
from blackbox.harness.people import PASSWORD, Person

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(600)]

ROUNDS = 5
OUT_SECONDS = 5.0
"""Within this time everyone is out whose rights ended, on every server and in every stream."""
TRIES = 5
"""Failed sign-ins after which an account waits."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    found = Installation(tmp_path_factory.mktemp("people") / "run", [])
    try:
        found.prepare()
        yield found.start(2, 0)
    finally:
        found.close()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=120) as found:
        yield found


@pytest.fixture(scope="module")
def servers(installation: Installation) -> tuple[str, str]:
    first, second = installation.servers
    return first.address, second.address


@pytest.fixture(scope="module")
def owner(installation: Installation, client: httpx2.Client, servers: tuple[str, str]) -> Person:
    person = Person(client, "owner@example.com")
    assert person.accept(servers[0], installation.made["owner_link"]).status_code == 200
    return person


@pytest.fixture
def join(owner: Person, client: httpx2.Client, servers: tuple[str, str]) -> Callable[[str, str], Person]:
    """Returns a function that makes a member, who has signed in on the first server."""

    def act(email: str, role: str) -> Person:
        person = Person(client, email)
        answer = person.accept(servers[0], owner.invite(servers[1], email, role))
        assert answer.status_code == 200, answer.text
        return person

    return act


def at_once(*acts: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def test_a_session_of_one_server_is_one_on_the_other(owner: Person, servers: tuple[str, str]) -> None:
    first, second = servers
    assert owner.sign_in(first).status_code == 200
    for server in servers:
        assert owner.get(server, "session/get").json()["user"]["email"] == owner.email
    assert owner.post(second, "session/signOut", {}).status_code == 200
    for server in servers:
        assert owner.get(server, "session/get").status_code == 401
    assert owner.sign_in(second).status_code == 200


@pytest.mark.parametrize("change", [{"status": "DEACTIVATED"}, {"role": "viewer"}])
def test_who_may_no_more_is_out_of_both_servers_and_their_streams_within_5_s(
    owner: Person,
    join: Callable[[str, str], Person],
    servers: tuple[str, str],
    change: dict[str, str],
    record_property: Callable[[str, object], None],
) -> None:
    person = join(f"operator-{next(iter(change))}@example.com", "operator")
    body = {"user_id": person.user_id(servers[1]), **change}

    def watch(server: str) -> float:
        """Returns when the stream ended."""
        url, headers = f"{server}/v2/workflows/watchOrganization", person.headers(server)
        with httpx2.stream("GET", url, headers=headers, timeout=60) as stream:
            assert stream.status_code == 200
            begun.append(server)
            for _ in stream.iter_bytes():
                pass
        return time.monotonic()

    begun: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        ends = [pool.submit(watch, server) for server in servers]
        until = time.monotonic() + 60
        while len(begun) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        at = time.monotonic()
        assert owner.post(servers[0], "workflows/changeMember", body).status_code == 200
        while any(person.get(server, "session/get").status_code == 200 for server in servers):
            assert time.monotonic() - at < OUT_SECONDS
        spans = [end.result() - at for end in ends]
    record_property("seconds until the streams have ended", spans)
    assert max(spans) < OUT_SECONDS


def test_of_two_owners_who_demote_each_other_at_once_one_stays(
    owner: Person, join: Callable[[str, str], Person], servers: tuple[str, str]
) -> None:
    other = join("second-owner@example.com", "owner")
    first_id, second_id = owner.user_id(servers[0]), other.user_id(servers[1])
    for _ in range(ROUNDS):
        answers = at_once(
            lambda: owner.post(servers[0], "workflows/changeMember", {"user_id": second_id, "role": "admin"}),
            lambda: other.post(servers[1], "workflows/changeMember", {"user_id": first_id, "role": "admin"}),
        )
        assert sorted(answer.status_code == 200 for answer in answers) == [False, True]
        assert {answer.status_code for answer in answers} <= {200, 401, 403, 409, 422}
        demoted, survivor, demoted_id = (
            (other, owner, second_id) if answers[0].status_code == 200 else (owner, other, first_id)
        )
        raised = survivor.post(servers[1], "workflows/changeMember", {"user_id": demoted_id, "role": "owner"})
        assert raised.status_code == 200, raised.text
        assert demoted.sign_in(servers[0]).json()["role"] == "owner"
    leaving = other.post(servers[0], "workflows/changeMember", {"user_id": second_id, "role": "viewer"})
    assert leaving.status_code == 200, leaving.text
    refused = owner.post(servers[1], "workflows/changeMember", {"user_id": first_id, "status": "DEACTIVATED"})
    assert refused.json()["code"] == "LAST_OWNER"


def test_an_invitation_that_is_used_twice_at_once_makes_one_member(
    owner: Person, client: httpx2.Client, servers: tuple[str, str]
) -> None:
    for number in range(ROUNDS):
        email = f"invited{number}@example.com"
        link = owner.invite(servers[0], email, "viewer")
        people = [Person(client, email) for _ in servers]
        tries = zip(people, servers, ("Name 0", "Name 1"), strict=True)
        answers = at_once(*(partial(person.accept, server, link, name) for person, server, name in tries))
        winner = [answer.status_code for answer in answers].index(200)
        loser = answers[1 - winner]
        assert (loser.status_code, loser.json()["code"]) == (404, "INVITATION_NOT_FOUND")
        assert people[winner].get(servers[1 - winner], "session/get").json()["user"]["name"] == f"Name {winner}"


def test_failed_sign_ins_count_on_both_servers(join: Callable[[str, str], Person], servers: tuple[str, str]) -> None:
    person = join("forgetful@example.com", "viewer")
    for number in range(TRIES):
        assert person.sign_in(servers[number % 2], "some other sentence").status_code == 401
    for server in servers:
        answer = person.sign_in(server, PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_TRIES")
        assert int(answer.headers["retry-after"]) > 0
