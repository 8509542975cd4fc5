"""Contexts: the servers that a person works with, by name, each with its key; one of them is the current one.

They are kept in a file that only its owner may read, `looply/contexts.json` below `XDG_CONFIG_HOME` or `~/.config`.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from looply.cli.terminal.failures import UsageError
from looply.errors import NotFound, Refused, did_you_mean

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MODE: Final = 0o600
_OTHERS: Final = 0o077


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """A server and the key for it, which is never shown."""

    url: str
    api_key: str

    def __repr__(self) -> str:
        return f"Context(url={self.url!r}, api_key='***')"


class Contexts(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All contexts of a person, and the name of the current one, empty for none."""

    current: str = ""
    contexts: dict[str, Context] = {}

    def get(self, name: str) -> Context:
        """Returns a context. Raises: NotFound (code `CONTEXT_NOT_FOUND`) with the names that there are."""
        if name not in self.contexts:
            known = ", ".join(sorted(self.contexts)) or "none; add one with 'looply context add'"
            hint = did_you_mean(name, self.contexts)
            message = f"no context is named {name[:100]!r}{f'; {hint}' if hint else ''} (there are: {known})"
            raise NotFound(message, code="CONTEXT_NOT_FOUND")
        return self.contexts[name]


def check_name(name: str) -> str:
    """Returns the name of a new context. Raises: UsageError."""
    if _NAME.fullmatch(name) is None:
        expected = "1 to 64 letters, digits, dots, dashes and underscores"
        raise UsageError(f"the name of a context is {name[:100]!r}, expected {expected}")
    return name


def contexts_file(environment: Mapping[str, str]) -> Path | None:
    """Returns the file of the contexts, which may not exist; None for a process that has no home."""
    if configured := environment.get("XDG_CONFIG_HOME"):
        return Path(configured) / "looply" / "contexts.json"
    home = environment.get("HOME")
    return Path(home) / ".config" / "looply" / "contexts.json" if home else None


def load_contexts(environment: Mapping[str, str]) -> Contexts:
    """Returns the stored contexts, none if there is no file.

    Raises: Refused (code `CONTEXTS_FILE`) for a file that others may read, or that has something else in it.
    """
    file = contexts_file(environment)
    if file is None:
        return Contexts()
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read()
    except FileNotFoundError:
        return Contexts()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}", code="CONTEXTS_FILE") from error
    if mode & _OTHERS:
        message = f"{file} holds keys and others may read it; allow it to its owner only: chmod 600 {file}"
        raise Refused(message, code="CONTEXTS_FILE")
    try:
        return msgspec.json.decode(text, type=Contexts)
    except msgspec.MsgspecError as error:
        message = f"{file} is not as 'looply context add' writes it; move it away and add the contexts again"
        raise Refused(message, code="CONTEXTS_FILE") from error


def store_contexts(environment: Mapping[str, str], contexts: Contexts) -> None:
    """Writes the contexts to their file, which appears whole or not at all. Raises: Refused (code `CONTEXTS_FILE`)."""
    file = contexts_file(environment)
    if file is None:
        raise Refused("there is no folder for contexts: set HOME or XDG_CONFIG_HOME", code="CONTEXTS_FILE")
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    text = json.dumps(msgspec.to_builtins(contexts), indent=2) + "\n"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=_MODE)
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}", code="CONTEXTS_FILE") from error
