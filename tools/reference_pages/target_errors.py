"""The meaning and the remedy of the error codes of systems that are down or in maintenance."""

from typing import Final

TARGET_ERRORS: Final[dict[str, str]] = {
    "TARGET_CHANGED": "Others change the state of the system at the same time. Repeat the call in a second.",
    "TARGET_NOT_FOUND": (
        "The system is called as usual, so nothing waits for it. `getTargets` lists those that are not."
    ),
    "TARGET_REFUSED": "The system, the time or the rate is not acceptable. `errors` says which, and why.",
}
