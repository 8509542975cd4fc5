"""What a story needs of the pair that it runs on, beyond what every pair can do."""

import pytest

from kit.driver import Driver


def needs(engine: Driver, capability: str) -> None:
    """Skips the story, and says so, where the pair cannot do it by its nature."""
    if capability not in engine.carriage.capabilities:
        pytest.skip(f"this pair does not {capability}")
