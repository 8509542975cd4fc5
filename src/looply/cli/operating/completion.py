"""`looply completion`: scripts by which a shell completes commands and options."""

from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from looply.cli.terminal.terminal import Here

_ZSH_CALL: Final = """
if [[ $funcstack[1] == _looply ]]; then
  _cyclopts_looply "$@"
else
  compdef _cyclopts_looply looply
fi
"""
"""The library defines a function only: a file of `fpath` must call it, a script that is sourced must register it."""


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell that the script is for.")],
    /,
    *,
    commands: Annotated[App, Parameter(parse=False)],
    terminal: Here,
) -> None:
    """Write the script by which a shell completes commands and options.

    In bash: source <(looply completion bash)

    In zsh: looply completion zsh > "${fpath[1]}/_looply"

    In fish: looply completion fish > ~/.config/fish/completions/looply.fish
    """
    text = commands.generate_completion(shell=shell)
    if shell == "zsh":
        text += _ZSH_CALL
    terminal.show({"shell": shell, "script": text}, lambda: text.rstrip("\n"))
