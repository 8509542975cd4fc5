"""The map from scenarios to stories is true: each story that it names exists and is run, each scenario has some."""

import re
from pathlib import Path

import test_engine

from contract import engine
from contract.engine import story_classes

ROOT = Path(__file__).parents[2]
MAP = engine.__doc__ or ""
SCENARIOS = {
    int(number): text for number, text in re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", MAP, re.MULTILINE | re.DOTALL)
}
STORIES = re.findall(r"(\w+Stories)\.(test_\w+)", MAP)
TESTS = re.findall(r"(tests/\S+\.py)::(test_\w+)", MAP)


def test_the_stories_of_the_map_exist() -> None:
    known = story_classes()
    assert [f"{name}.{story}" for name, story in STORIES if not hasattr(known.get(name), story)] == []


def test_the_tests_of_the_map_exist() -> None:
    assert [
        f"{path}::{name}"
        for path, name in TESTS
        if not re.search(rf"^(async )?def {name}\(", (ROOT / path).read_text(), re.MULTILINE)
    ] == []


def test_the_map_holds_twelve_scenarios_and_each_names_a_story() -> None:
    assert list(SCENARIOS) == list(range(1, 13))
    for number, text in SCENARIOS.items():
        assert re.search(r"\w+Stories\.test_\w+", text), number


def test_every_class_of_stories_is_run_on_every_store() -> None:
    classes = story_classes()
    assert len(classes) >= 37
    for name, stories in classes.items():
        assert any(story.startswith("test_") for story in vars(stories)), name
        assert issubclass(getattr(test_engine, f"Test{name}"), stories)


def test_no_two_classes_of_stories_have_one_name() -> None:
    folder = Path(engine.__file__).parent
    names = [
        name
        for path in folder.rglob("*.py")
        for name in re.findall(r"^class (\w+Stories)", path.read_text(), re.MULTILINE)
    ]
    assert sorted(names) == sorted(story_classes())
