import pytest

from looply.app.bulks.runner import BulkRunner
from looply.app.context.services import Services


@pytest.fixture
def runner(services: Services) -> BulkRunner:
    return BulkRunner(services, "one")
