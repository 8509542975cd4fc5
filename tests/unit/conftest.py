"""What tests of several packages begin with: time and chance that they set, and a catalog that is ready for use."""

from pathlib import Path

import pytest

from kit.catalog import make_empty
from looply.testing.clock import FakeClock, SerialEntropy


@pytest.fixture(scope="session")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated catalog file that tests copy."""
    return make_empty(tmp_path_factory.mktemp("catalog") / "catalog.db")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def entropy() -> SerialEntropy:
    return SerialEntropy()
