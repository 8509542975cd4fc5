"""Help pages: usage lines that name every argument, and paragraphs that are broken once, at the width of the page."""

import inspect
from collections.abc import Sequence

from cyclopts import App


def complete_page(app: App, chain: Sequence[str]) -> None:
    """Sets the usage line and the text of a command's help page. `chain`: the words that name it, the program first."""
    app.help = join_lines(app.help)
    if app.default_command is not None:
        app.usage = " ".join((*chain, *_arguments(app)))


def join_lines(text: str) -> str:
    """Returns a text whose paragraphs are one line each, so that the page breaks them and not the source."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _arguments(app: App) -> list[str]:
    """Returns the arguments as a usage line has them: in order, in brackets where they may be left out."""
    arguments = [argument for argument in app.assemble_argument_collection() if argument.show and argument.parse]
    words = [] if all(name.startswith("-") for name in app) else ["[COMMAND]"]
    for argument in arguments:
        if argument.index is not None:
            several = "..." if argument.field_info.kind is inspect.Parameter.VAR_POSITIONAL else ""
            word = argument.name.lstrip("-").upper() + several
            words.append(word if argument.required else f"[{word}]")
    words += [f"{each.name} {_value(each.name)}" for each in arguments if each.index is None and each.required]
    return [*words, "[OPTIONS]"]


def _value(option: str) -> str:
    return option.lstrip("-").upper().replace("-", "_")
