"""One server and one ledger for all tests of a worker that only read and write; an organization for each test."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from blackbox_bench import Bench
from blackbox_client import Organization
from blackbox_launcher import Server, add_organizations, init
from blackbox_sink import Sink
from blackbox_strace import why_not

ORGANIZATIONS = 600

NewOrganization = Callable[[], Organization]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks all tests of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.blackbox)


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    """The ledger of what the world was asked."""
    found = Sink(tmp_path_factory.mktemp("sink"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def tracing() -> None:
    """Skips tests that put faults into system calls where no process can be traced."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def bench(tracing: None, tmp_path: Path, sink: Sink) -> Iterator[Bench]:
    """A server of its own for a test that puts faults into its system calls."""
    found = Bench(tmp_path, sink)
    yield found
    found.close()


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port of this machine where nobody listens, and nobody can begin to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("shared") / "data"
    first = init(folder)
    return folder, [first, *add_organizations(folder, ORGANIZATIONS)]


@pytest.fixture(scope="session")
def server(_folder: tuple[Path, list[dict[str, str]]], sink: Sink, closed_port: int) -> Iterator[Server]:
    """The shared server: it may call the ledger and the closed port, and nothing else of this machine."""
    allow = (f"127.0.0.1:{sink.port}", f"127.0.0.1:{closed_port}")
    found = Server(_folder[0], allow, LOOPLY_LOG_LEVEL="debug").start()
    yield found
    found.close()


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx2.Client]:
    """The connections to the shared server."""
    with httpx2.Client(base_url=server.address, timeout=30) as found:
        yield found


@pytest.fixture(scope="session")
def new_organization(client: httpx2.Client, _folder: tuple[Path, list[dict[str, str]]]) -> NewOrganization:
    """Gives an organization that no other test has."""
    remaining = iter(_folder[1])

    def take() -> Organization:
        return Organization(client, **next(remaining))

    return take


@pytest.fixture
def org(new_organization: NewOrganization) -> Organization:
    return new_organization()


@pytest.fixture
def other(new_organization: NewOrganization) -> Organization:
    return new_organization()
