"""Records the stores of a release, which every later release must load, upgrade, prove and continue.

`python tests/golden/recording/record_release.py 0.1.0` adds, each with a description of its content:

- `folders/0.1.0.tar.xz` and `databases/0.1.0.sql.xz`: executions in every situation, as a killed process leaves them;
- `folders/0.1.0_beside.tar.xz` and `databases/0.1.0_beside.sql.xz`: rows in every table beside histories;
- `databases/0.1.0_histories.sql.xz`: every recorded history.

It never changes existing files. Record a release before the first change of a schema after it, and with the oldest
supported PostgreSQL (`LOOPLY_TEST_POSTGRES` names the folder of its programs): a newer server reads its statements, but
not the other way round.
"""

import sys

from golden.recording import record_beside
from golden.recording.record_database import make_database, record
from golden.recording.record_folder import make_folder, record_folder
from golden.recording.record_history_database import make_histories
from golden.stores.beside import BESIDE
from golden.stores.database import OF_HISTORIES


def record_release(name: str) -> None:
    """Records all stores of a release, under its version."""
    record_folder(name, make_folder)
    record(name, make_database)
    record_folder(name + BESIDE, record_beside.make_folder)
    record(name + BESIDE, record_beside.make_database)
    record(name + OF_HISTORIES, make_histories)


if __name__ == "__main__":
    record_release(sys.argv[1])
