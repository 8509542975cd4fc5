"""The completion of bash, zsh and fish, in these shells themselves where the machine has them."""

import io
import os
import pty
import re
import select
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from looply.cli import main
from looply.cli.terminal.terminal import Terminal

COMPLETIONS = {
    "workf": {"workflow"},
    "execution re": {"resume", "redrive", "repair", "rerun"},
    "execution list --lim": {"--limit"},
    "execution list --outp": {"--output"},
    "execution list --output y": {"yaml"},
    "execution list --js": {"--json"},
    "key create Ops --scope tri": {"trigger"},
}
"""What completes the last word of a command line."""
SHELL_SECONDS = 120


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"needs {shell}")


@cache
def script_for(shell: str) -> str:
    """Returns the script as the command writes it."""
    output = io.StringIO()
    status = main(
        ["completion", shell], Terminal(source=io.BytesIO(), output=output, errors=io.StringIO(), environment={})
    )
    assert status == 0
    return output.getvalue()


def ask(folder: Path, *command: str, script: list[str]) -> list[str]:
    """Returns the lines that a shell writes, which runs a script in a folder without any setting of a person."""
    (folder / ".script").write_text("\n".join(script))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        [*command, ".script"], capture_output=True, text=True, check=True, cwd=folder, env=environment
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@needs("bash")
def test_bash_completes_commands_options_and_choices(tmp_path: Path) -> None:
    asks = [
        f"COMP_WORDS=(looply {line}); COMP_CWORD={len(line.split())}; COMPREPLY=(); _looply; echo ${{COMPREPLY[@]}}"
        for line in COMPLETIONS
    ]
    lines = ask(tmp_path, "bash", "--norc", script=[script_for("bash"), *asks])
    assert dict(zip(COMPLETIONS, (set(line.split()) for line in lines), strict=True)) == COMPLETIONS


@needs("fish")
def test_fish_completes_commands_options_and_choices(tmp_path: Path) -> None:
    asks = [f"complete --do-complete 'looply {line}'; echo" for line in COMPLETIONS]
    text = "\n".join(ask(tmp_path, "fish", "--no-config", script=[script_for("fish"), *asks]))
    answers = [{line.partition("\t")[0] for line in part.splitlines() if line} for part in text.split("\n\n")]
    assert dict(zip(COMPLETIONS, answers, strict=True)) == COMPLETIONS


@needs("zsh")
@pytest.mark.parametrize("is_sourced", [False, True], ids=["file of fpath", "sourced"])
def test_zsh_completes_commands_options_and_choices(tmp_path: Path, is_sourced: bool) -> None:
    name = "script.zsh" if is_sourced else "_looply"
    (tmp_path / name).write_text(script_for("zsh"))
    setup = f"fpath=({tmp_path} $fpath); autoload -Uz compinit && compinit -u -D"
    source = f"source {tmp_path / name}" if is_sourced else ":"
    expected = {line: answers.copy().pop() for line, answers in COMPLETIONS.items() if len(answers) == 1}
    seen = in_zsh(tmp_path, f"{setup}; {source}", [f"looply {line}" for line in expected])
    completed = {line: f"looply {line}".rpartition(" ")[0] + f" {word}" for line, word in expected.items()}
    assert {line for line, whole in completed.items() if whole not in seen} == set(), seen


def in_zsh(folder: Path, setup: str, lines: list[str]) -> str:
    """Returns what an interactive zsh shows while a person completes lines by the tabulator and drops them."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "ZDOTDIR": str(folder), "TERM": "dumb"}
    with subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            os.write(ours, f"PS1='$ '; {setup}; echo set up\n".encode())
            seen = _read(ours, r"\nset up\n.*\$ ")
            for line in lines:
                # Control-U drops the line; the next prompt shows that nothing is left to be written.
                os.write(ours, f"{line}\t\x15echo dropped\n".encode())
                seen += _read(ours, r"\ndropped\n.*\$ ")
        finally:
            process.kill()
            os.close(ours)
    return re.sub(r" +", " ", seen)


def _read(descriptor: int, pattern: str) -> str:
    """Returns what a terminal shows until it shows what a pattern matches."""
    seen = ""
    while re.search(pattern, seen) is None:
        assert select.select([descriptor], [], [], SHELL_SECONDS)[0], f"no {pattern!r} in {seen!r}"
        seen += os.read(descriptor, 65_536).decode("utf-8", "replace")
        seen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen).replace("\r", "")
    return seen
