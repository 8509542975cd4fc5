"""The engine contract on each pair of store and dispatcher: every story of `contract.engine`."""

from contract.engine import story_classes

# One class of tests for each class of stories: pytest finds them by their names here.
globals().update({f"Test{name}": type(f"Test{name}", (stories,), {}) for name, stories in story_classes().items()})
