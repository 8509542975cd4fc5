"""Reads the files of `deploy/`: the Containerfile, the Compose file, systemd units and lock files."""

import re
import shlex
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from docs_pages import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXAMPLES = sorted((DEPLOY / "settings").glob("*.toml"))

VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?:(:-|:\?)([^}]*))?\}")
"""A variable of the Compose file: its name, the operator for a missing value, and the default or message."""


class Instruction(NamedTuple):
    """One instruction of a Containerfile: its word, its options (`--from=x`) and the rest."""

    word: str
    options: Mapping[str, str]
    rest: str

    @property
    def arguments(self) -> list[str]:
        """The rest as words; of the form with brackets, its items."""
        if self.rest.startswith("["):
            return [str(item) for item in yaml.safe_load(self.rest)]
        return shlex.split(self.rest)


class Stage(NamedTuple):
    """One stage of a Containerfile."""

    name: str
    image: str
    instructions: list[Instruction]

    def all(self, word: str) -> list[Instruction]:
        """Returns the instructions with this word, in order."""
        return [each for each in self.instructions if each.word == word]

    def environment(self) -> dict[str, str]:
        """Returns the variables that ENV sets."""
        return dict(pair.split("=", 1) for each in self.all("ENV") for pair in each.arguments)


class Containerfile(NamedTuple):
    """A Containerfile: the arguments before the first stage, with their defaults, and the stages."""

    arguments: dict[str, str]
    stages: dict[str, Stage]

    @property
    def last(self) -> Stage:
        """The stage that becomes the image."""
        return list(self.stages.values())[-1]


def containerfile() -> Containerfile:
    """Returns `deploy/Containerfile`."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    current: list[Instruction] = []
    for instruction in _instructions((DEPLOY / "Containerfile").read_text(encoding="utf-8")):
        if instruction.word == "FROM":
            image, _, name = instruction.arguments
            current = []
            stages[name] = Stage(name, image, current)
        elif instruction.word == "ARG" and not stages:
            name, _, default = instruction.rest.partition("=")
            arguments[name] = default
        else:
            current.append(instruction)
    return Containerfile(arguments, stages)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        options = {}
        # A health check has its own command behind its options.
        while match := re.match(r"--([a-z-]+)(?:=(\S+))?\s+", rest.lstrip()):
            options[match[1]] = match[2] or ""
            rest = rest.lstrip()[match.end() :]
        yield Instruction(word, options, rest.strip())


def is_let_through(path: str) -> bool:
    """Returns whether `.dockerignore` lets a build see a file of the tree. The last matching line decides."""
    folders = [path, *(str(parent) for parent in Path(path).parents)][:-1]
    seen = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        if any(_fits(folder, pattern) for folder in folders):
            seen = line.strip().startswith("!")
    return seen


def _fits(path: str, pattern: str) -> bool:
    anywhere = pattern.removeprefix("**/")
    if anywhere != pattern:
        return fnmatch(path.rsplit("/", 1)[-1], anywhere)
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def composition() -> dict[str, Any]:
    """Returns `deploy/compose.yaml`, with its merges resolved."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def texts(value: object) -> Iterator[str]:
    """Yields every text below a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def filled(text: str) -> str:
    """Returns a text of the Compose file with its defaults inserted."""
    return VARIABLE.sub(lambda match: (match[3] or "") if match[2] == ":-" else "", text).replace("$$", "$")


def given_names() -> set[str]:
    """Returns the variables of the Compose file, and the arguments of the build of the image."""
    return {
        match[1] for text in texts(composition()) for match in VARIABLE.finditer(text)
    } | containerfile().arguments.keys()


def seconds(text: str) -> float:
    """Returns a time of the composition, such as `40s` or `2m`, in seconds."""
    units = {"s": 1.0, "m": 60.0}
    return float(text[:-1]) * units[text[-1]]


class Unit(NamedTuple):
    """A unit of systemd: (section, key) -> every value, in order."""

    values: dict[tuple[str, str], list[str]]

    def all(self, key: str, section: str = "Service") -> list[str]:
        """Returns each value that a key has."""
        return self.values.get((section, key), [])

    def last(self, key: str, section: str = "Service") -> str:
        """Returns the effective value."""
        return self.all(key, section)[-1]


def unit(file: Path) -> Unit:
    """Returns a unit of systemd."""
    values: dict[tuple[str, str], list[str]] = {}
    section = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.strip() and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            values.setdefault((section, key), []).append(value)
    return Unit(values)


class Pin(NamedTuple):
    """One package of a lock file: its version, its extras, the number of its hashes."""

    version: str
    extras: frozenset[str]
    hashes: int


def pins(lock: str) -> dict[str, Pin]:
    """Returns the pins of a lock file in `requirements/` by the names of their packages."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    name, extras, hashes = (
        r"([a-z0-9._-]+)",
        r"(?:\[([a-z0-9,_-]+)\])?",
        r"((?:[^\n]*\\\n\s+--hash=sha256:[0-9a-f]{64})+)",
    )
    return {
        name: Pin(version, frozenset(filter(None, extras.split(","))), hashes.count("--hash="))
        for name, extras, version, hashes in re.findall(rf"^{name}{extras}==(\S+){hashes}", text, re.MULTILINE)
    }
