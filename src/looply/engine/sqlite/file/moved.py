"""The label of a moved folder: its executions continue in a database, and must not continue here too."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from looply.durable import sync_folder, write_whole
from looply.errors import EngineError, StoreLost

LABEL_NAME: Final = "moved.json"

MoveState: TypeAlias = Literal["ENDING", "MOVED"]


@dataclass(frozen=True, slots=True)
class MovedLabel:
    """Where a folder was moved, and when (RFC 3339). ENDING: whether the move has ended is not known here."""

    state: MoveState
    to: str
    on: str


def find_label(folder: Path) -> MovedLabel | None:
    """Returns the label of a folder, None when it has none. Raises: EngineError for one that cannot be read."""
    path = folder / LABEL_NAME
    try:
        found = json.loads(path.read_bytes())
        return MovedLabel(state=found["state"], to=found["to"], on=found["on"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise EngineError(f"{path} cannot be read: {error}; remove it to continue in this folder") from error


def put_label(folder: Path, label: MovedLabel) -> None:
    """Writes the label; it is whole and on the disk when this returns. Raises: StoreLost."""
    path = folder / LABEL_NAME
    text = json.dumps({"state": label.state, "to": label.to, "on": label.on}, indent=2) + "\n"
    try:
        write_whole(path, text.encode())
        sync_folder(folder)
    except OSError as error:
        raise StoreLost(f"{path} cannot be written: {error.strerror}") from error


def check_not_moved(folder: Path) -> None:
    """Refuses a folder that was moved. Raises: EngineError (code `FOLDER_MOVED`), which says how to undo it."""
    label = find_label(folder)
    if label is None:
        return
    path = folder / LABEL_NAME
    if label.state == "ENDING":
        reason = (
            f"a move of {folder} to {label.to} was cut off just as it ended, on {label.on}; repeat 'looply db move',"
            " which finds out whether it has"
        )
    else:
        reason = f"{folder} was moved to {label.to} on {label.on}, and continues there; start the server with it"
    raise EngineError(
        f"{reason}. To continue in the folder instead: make sure that no server ever works on that database, and"
        f" remove {path}; what has happened there since is not known here",
        code="FOLDER_MOVED",
    )
