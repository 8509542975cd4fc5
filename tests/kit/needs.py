"""Requirements of a story on the pair of store and carriage that it runs on, beyond those that every pair meets."""

import pytest

from kit.driver import Driver


def needs(engine: Driver, capability: str) -> None:
    """Skips the story, with a reason, where the pair cannot run it by its nature."""
    if capability not in engine.carriage.capabilities:
        pytest.skip(f"this pair does not {capability}")
