"""The commands by name. Modules of groups are imported when one of their commands is named."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from cyclopts import (
    App,
    CoercionError,
    CycloptsError,
    Group,
    Parameter,
    Token,
    UnknownCommandError,
    UnusedCliTokensError,
)

from looply import __version__
from looply.cli.help_page import complete_page
from looply.cli.terminal.switches import Format
from looply.errors import did_you_mean

_EPILOGUE: Final = "Exit status: 0 done, 1 refused, 2 wrong usage."
_ANYWHERE: Final = Group("Anywhere after the command", sort_key=1)

_MAX_CHARACTERS: Final = 400
"""The longest message about a wrong command line; it quotes what was given."""

_COMMANDS: Final = {
    "init": ("looply.cli.operating.init:init", "Create a store with an organization and its first key."),
    "serve": ("looply.cli.operating.serve:serve", "Start the server."),
    "worker": ("looply.cli.operating.worker:worker", "Carry out the effects of a distributed installation."),
    "demo": (
        "looply.cli.operating.demo:demo",
        "Run the purchase-order approval with a server and an SAP-like system.",
    ),
    "doctor": ("looply.cli.operating.doctor:doctor", "Audit a store: prove that nothing in it is lost or orphaned."),
    "bench": ("looply.cli.measuring.bench:APP", "Measure this machine: triggers and three computing steps each."),
    "workflow": (
        "looply.cli.authoring.workflow:APP",
        "Workflows: list, show, templates, create, new, import, export, diff, validate, activate, trigger.",
    ),
    "execution": (
        "looply.cli.executions.execution:APP",
        "Executions: list, show, why, at, watch, resume, terminate, incidents, redrive, repair, rerun.",
    ),
    "letter": (
        "looply.cli.executions.letter:APP",
        "Dead letters, answers that no wait accepted: list, show, apply, discard.",
    ),
    "decision": ("looply.cli.executions.decision:APP", "Who decided what, also in executions that were pruned: list."),
    "bulk": (
        "looply.cli.executions.bulk:APP",
        "Bulk operations on many executions: repair, redrive, terminate, list, status, cancel.",
    ),
    "connection": (
        "looply.cli.authoring.connection:APP",
        "Connections to other systems: list, show, create, update, delete, test, check, discover.",
    ),
    "notification": (
        "looply.cli.authoring.notification:APP",
        "Whom to tell of incidents and outages: list, put, secret, test, delete.",
    ),
    "teams": (
        "looply.cli.authoring.teams:APP",
        "App and bot of Microsoft Teams: package, people, check, install, installations, installation, cancel.",
    ),
    "target": (
        "looply.cli.executions.target:APP",
        "Systems that are down or in maintenance: list, pause, drain, release.",
    ),
    "profile": (
        "looply.cli.authoring.profile:APP",
        "Environment profiles of a workflow: list, show, create, update, set-default, delete.",
    ),
    "datastore": ("looply.cli.authoring.datastore:APP", "Datastores: list, get, put, delete."),
    "schedule": ("looply.cli.authoring.schedule:APP", "Schedules: list, fires, preview, pause, play."),
    "context": (
        "looply.cli.operating.context:APP",
        "Servers to work with, by name, each with its key: add, use, list, remove.",
    ),
    "organization": ("looply.cli.operating.organization:APP", "Organizations of a store: create, list."),
    "user": (
        "looply.cli.operating.user:APP",
        "People: invite, list, role, deactivate, activate, reset-link.",
    ),
    "key": ("looply.cli.operating.key:APP", "API keys: create, list, revoke."),
    "audit": (
        "looply.cli.operating.audit:APP",
        "The audit log, who changed what in an organization: list, export, verify.",
    ),
    "expression": ("looply.cli.authoring.expression:APP", "Expressions: eval."),
    "card": (
        "looply.cli.authoring.card:APP",
        "Adaptive Cards: render templates, list open cards, reassign them, remind of them.",
    ),
    "master-key": (
        "looply.cli.operating.master_key:APP",
        "The master key of stored secrets: status; distribute, activate, retire a new one.",
    ),
    "db": ("looply.cli.operating.db:APP", "The data folder's databases: upgrade, check, backup, restore, prune, move."),
    "completion": (
        "looply.cli.operating.completion:completion",
        "Write the script by which bash, zsh or fish complete commands and options.",
    ),
}

APP: Final = App(
    name="looply",
    help="Durable workflows between SAP, people and any HTTP system.",
    help_epilogue=_EPILOGUE,
    help_format="plaintext",
    version=__version__,
    suppress_keyboard_interrupt=False,
)
for _order, (_name, (_path, _help)) in enumerate(_COMMANDS.items()):
    APP.command(_path, name=_name, help=_help, sort_key=_order)


@APP.meta.default
def _switches(
    *,
    output: Annotated[
        Format,
        Parameter(
            name=("--output", "-o"),
            group=_ANYWHERE,
            help="Format of the result. Unless it is table, standard output has the result and nothing else; an error"
            " is also a line on standard error.",
        ),
    ] = "table",
    json: Annotated[bool, Parameter(group=_ANYWHERE, negative="", help="The same as --output json.")] = False,
    debug: Annotated[bool, Parameter(group=_ANYWHERE, negative="", help="Show the traceback of an error.")] = False,
) -> None:
    """Never called: it declares, for help pages and shells, the switches that `read_switches` has read before."""


def parse(tokens: Sequence[str]) -> tuple[Callable[..., Any], inspect.BoundArguments, Mapping[str, Any]]:
    """Returns the command, its arguments, and the parameters that are injected, each with its type.

    `help COMMAND` and `version` are the same as the options of these names. Raises: CycloptsError for a command line
    that is wrong.
    """
    match list(tokens):
        case ["version"]:
            named = ["--version"]
        case ["help", *rest]:
            named = [*rest, "--help"]
        case named:
            pass
    return APP.parse_args(named, exit_on_error=False, print_error=False)


def complete_help(tokens: Sequence[str]) -> None:
    """Prepares the help page of the command that the tokens name."""
    words, apps, _ = APP.parse_commands(list(tokens))
    complete_page(apps[-1], (APP.name[0], *words))


def is_help(command: Callable[..., Any]) -> bool:
    """Returns whether the command shows a help page or the version, and nothing else."""
    return getattr(command, "__name__", "") in ("help_print", "version_print")


def usage_text(error: CycloptsError) -> str:
    """Returns what is wrong with a command line as one line of bounded length."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        command = " ".join((APP.name[0], *(error.command_chain or ())))
        surplus = error.unused_tokens[0][:_MAX_CHARACTERS]
        return f"unexpected argument {surplus!r}; '{command} --help' shows what the command takes"
    text = " ".join(str(error).split())
    match error:
        case UnknownCommandError(unused_tokens=[str(option), *_]) if option.startswith("-"):
            command = " ".join((APP.name[0], *(error.command_chain or ()), "COMMAND"))
            name = option.partition("=")[0][:_MAX_CHARACTERS]
            return f"options come after the command: {command} {name} ..."
        case CoercionError(token=Token(value=str(value)), target_type=expected) if get_origin(expected) is Literal:
            hint = did_you_mean(value, get_args(expected))
            text = f"{text.removesuffix('.')}; {hint}" if hint else text
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
