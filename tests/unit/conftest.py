"""What tests of several packages begin with: time and chance that they set, and a catalog that is ready for use."""

import ssl
import sys
from pathlib import Path

import pytest

from kit.catalog import make_empty
from looply.connectors.outbound.trust import machine_trust
from looply.testing.clock import FakeClock, SerialEntropy

# The HTTP client looks for it in all of the path with each call of an application in the process.
sys.modules.setdefault("trio", None)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated catalog file that tests copy."""
    return make_empty(tmp_path_factory.mktemp("catalog") / "catalog.db")


@pytest.fixture(scope="session")
def trust() -> ssl.SSLContext:
    """The machine's authorities, which take 10 ms to read."""
    return machine_trust()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def entropy() -> SerialEntropy:
    return SerialEntropy()
