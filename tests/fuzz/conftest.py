"""The fuzz tests use the generator of valid expressions of the differential tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "differential"))
