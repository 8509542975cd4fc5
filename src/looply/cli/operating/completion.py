"""`looply completion`: scripts by which a shell completes commands and options."""

from typing import Annotated, Literal

from cyclopts import Parameter

from looply.cli.terminal.terminal import Here


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], Parameter(help="The shell that the script is for.")],
    /,
    *,
    terminal: Here,
) -> None:
    """Write the script by which a shell completes commands and options.

    In bash: source <(looply completion bash)

    In zsh: looply completion zsh > "${fpath[1]}/_looply"

    In fish: looply completion fish > ~/.config/fish/completions/looply.fish
    """
    from looply.cli.command_line import APP  # noqa: PLC0415 - the table of commands names this module

    text = APP.generate_completion(shell=shell)
    terminal.show({"shell": shell, "script": text}, lambda: text.rstrip("\n"))
