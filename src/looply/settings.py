"""Every setting of the process in one typed table, and how values are resolved: default < file < environment < flag.

The environment and the file are read once, at start-up. All problems are reported together.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import msgspec

from looply.errors import Problem, SettingsError, did_you_mean
from looply.limits import DEFAULT_LIMITS, LARGEST, REFUSALS_PER_MINUTE, Limits
from looply.setting_values.mail_server import MailServerSettings, read_mail_server
from looply.setting_values.sign_in_providers import ProviderSettings, read_providers

PREFIX: Final = "LOOPLY_"
_MIN_TOKEN_CHARACTERS: Final = 16
DEFAULT_FILE: Final = Path("looply.toml")
_HOST: Final = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?", re.ASCII)
_TAB: Final = re.compile(r"[0-9a-f-]{36}=(https://|http://127\.0\.0\.1:)[^\s=]+")
# Variables of the command line, which are no settings of a server.
_CLI_VARIABLES: Final = frozenset({"LOOPLY_URL", "LOOPLY_API_KEY", "LOOPLY_CONTEXT", "LOOPLY_DEBUG"})

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
EngineKind: TypeAlias = Literal["embedded", "postgres", "distributed"]
Parse: TypeAlias = Callable[[Any], Any]

_REQUIRED: Final[Mapping[EngineKind, tuple[str, ...]]] = {
    "embedded": (),
    "postgres": ("database",),
    # Several processes: a key file in the folder of one would be missing for the others.
    "distributed": ("database", "temporal_address", "encryption_key"),
}
"""The settings that each kind of engine requires."""


class Secret:
    """A text that is shown by `reveal` only, never by `repr`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Returns the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process. Times are seconds, sizes bytes."""

    engine: EngineKind = "embedded"
    """Where executions are stored: a folder, a PostgreSQL database of one process, or one of many with Temporal."""
    data: Path = Path("looply-data")
    """Folder of the embedded store."""
    database: Secret | None = None
    """Address of the PostgreSQL database: a URL, or a libpq connection string."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8080
    """Port to listen on; 0 picks a free one."""
    public_url: str = ""
    """URL under which people reach this server, for links in cards; empty: the address that it listens on."""
    tls_cert: Path | None = None
    """File with the certificate of the server and those of its issuers, in PEM; with it the server speaks https."""
    tls_key: Path | None = None
    """File with the key of that certificate, in PEM without a passphrase; other users must not be able to read it."""
    local_sign_in: bool = True
    """Whether people sign in with passwords of this installation; else by `sign_in_providers` alone."""
    break_glass: str = ""
    """Address of one owner who signs in with a password although `local_sign_in` is false."""
    sign_in_providers: tuple[ProviderSettings, ...] = ()
    """Providers of OpenID Connect by which people sign in; see the how-to on single sign-on."""
    mail: MailServerSettings | None = None
    """Mail server that invitations, links for new passwords and codes are sent through; empty: links are shown only."""
    card_images: tuple[str, ...] = ()
    """Hosts whose images cards may show in the inbox: `cdn.example.com`, `*.example.com`; they see who opens a card."""
    teams_tabs: tuple[str, ...] = ()
    """Who may open a tab of Teams: `ORGANIZATION=ISSUER`, the id of an organization and the issuer whose word on who a
    person is counts there, such as `https://login.microsoftonline.com/TENANT/v2.0`; empty: no tab is served."""
    egress_allow: tuple[str, ...] = ()
    """Destinations that may be called although they are not public: CIDR, CIDR:port, host or host:port. In the
    environment they are separated by commas, or a JSON list."""
    log_level: LogLevel = "info"
    """Lowest severity of events that are logged."""
    drain_seconds: float = 25.0
    """Time for calls and effects in flight to finish when the process is asked to stop."""
    concurrency: int = 128
    """Calls of steps to other systems that run at once; one organization has at most half of them."""
    host_concurrency: int = 8
    """Calls of steps of one organization that run at once against one system."""
    target_drain_per_second: int = 5
    """Calls a second at first after an outage of a system, doubled while they succeed; 0: no outage is looked for."""
    figure_seconds: float = 1.0
    """Time after which counters and statistics have a change of an execution."""
    function_processes: int = 4
    """Processes per language that run the code of `function` steps; one organization has at most half of them."""
    encryption_key: Secret | None = None
    """Master keys of stored secrets, 32 bytes in base64 each; the first one wraps; empty: the key file in `data`."""
    temporal_address: str = ""
    """Host and port of the Temporal service that carries effects."""
    temporal_namespace: str = "default"
    """Namespace of the Temporal service."""
    temporal_tls: bool = False
    """Whether the connection to Temporal is encrypted."""
    temporal_tls_ca: Path | None = None
    """File with the CA certificates that verify Temporal's certificate; empty: those of the system."""
    temporal_tls_certificate: Path | None = None
    """File with the client certificate of this process for Temporal."""
    temporal_tls_key: Path | None = None
    """File with the key of that certificate."""
    temporal_api_key: Secret | None = None
    """API key for Temporal."""
    temporal_task_queue: str = "looply"
    """Prefix of the names of Temporal's task queues; there is one for each connector."""
    worker_connectors: tuple[str, ...] = ()
    """Connectors whose effects a worker carries out; empty: all."""
    header_seconds: float = 10.0
    """Time in which the headers of a request must arrive."""
    header_bytes: int = 16_384
    """Size of the head of a request."""
    body_seconds: float = 30.0
    """Time in which the body of a request must arrive, and a stalled reader must resume reading."""
    keep_alive_seconds: float = 75.0
    """Time that a connection may stay open without a request."""
    trusted_proxies: tuple[str, ...] = ()
    """Proxies whose `X-Forwarded-For` or `Forwarded` names the caller: addresses and CIDR; ignored from others."""
    refusals_per_minute: int = REFUSALS_PER_MINUTE
    """Calls of one address that are refused for their key or token within a minute; further calls are answered 429."""
    access_log: bool = False
    """Whether each request is logged: address, method, route, status, time, bytes, key or person; never its content."""
    retention_days: int = 0
    """Days for which ended executions are kept whose workflow has no retention; 0 keeps them forever."""
    decision_retention_days: int = 0
    """Days for which recorded decisions are kept, at least as long as their execution; 0 keeps them forever."""
    metrics_token: Secret | None = None
    """Token for `GET /metrics`, sent as `Authorization: Bearer TOKEN`; empty: the route is closed."""
    metrics_listen: str = ""
    """Host and port of a separate listener for metrics and health, of servers and workers; empty: there is none."""
    limits: Limits = DEFAULT_LIMITS

    @property
    def retention(self) -> timedelta | None:
        """How long executions are kept whose workflow has no retention; None is forever."""
        return timedelta(days=self.retention_days) if self.retention_days else None

    @property
    def decision_retention(self) -> timedelta | None:
        """How long recorded decisions are kept at least; None is forever."""
        return timedelta(days=self.decision_retention_days) if self.decision_retention_days else None


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. `name` is the key in the file and the flag, such as `limits.body_bytes`."""

    name: str
    default: Any
    parse: Parse
    is_secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable, such as `LOOPLY_LIMITS_BODY_BYTES`."""
        return PREFIX + self.name.upper().replace(".", "_")


def load_settings(
    *, file: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Settings:
    """Returns the settings from a TOML file, `LOOPLY_*` variables and flags (by setting name; None: not given).

    An explicit file must exist; `looply.toml` in the current folder is read when it exists.

    Raises: SettingsError with every unknown key and every wrong value of all three.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for source, given in (
        ("file", _file_values(file, problems)),
        ("environment", _environment_values(environment or {}, problems)),
        ("flags", {name: value for name, value in (flags or {}).items() if value is not None}),
    ):
        values.update(_parse_values(source, given, problems))
    problems.extend(_find_missing(values))
    if problems:
        raise SettingsError(_summary(problems), problems=tuple(problems))
    return _build_settings(values)


def _find_missing(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yields a problem for each required setting that is missing."""
    engine = values.get("engine", TABLE["engine"].default)
    for name in _REQUIRED[engine]:
        if not values.get(name):
            message = f"engine {engine!r} needs {name} ({TABLE[name].variable}), and none is given"
            yield Problem(path=_path(name), message=message)
    for name, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if values.get(name) and not values.get(other):
            yield Problem(path=f"/{other}", message=f"{name} is given without {other}: https needs both")
    if values.get("local_sign_in") is False and not values.get("sign_in_providers"):
        message = "local_sign_in is false and sign_in_providers names no provider: no person could sign in"
        yield Problem(path="/local_sign_in", message=message)
    listener = values.get("metrics_listen")
    if listener and not values.get("metrics_token") and not _is_loopback(split_address(listener)[0]):
        message = f"metrics_listen is {listener!r}, which other machines can reach, and there is no metrics_token"
        yield Problem(path="/metrics_listen", message=f"{message}: set one, or listen on 127.0.0.1")


def _build_settings(values: Mapping[str, Any]) -> Settings:
    limits = {
        name.removeprefix("limits.").removesuffix("_seconds"): value
        for name, value in values.items()
        if name.startswith("limits.")
    }
    top = {name: value for name, value in values.items() if not name.startswith("limits.")}
    return Settings(**top, limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits))


def _parse_values(source: str, values: Mapping[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        setting = TABLE.get(name)
        if setting is None:
            problems.append(_unknown_setting(source, name))
            continue
        try:
            yield name, setting.parse(value)
        except ValueError as error:
            shown = "a secret" if setting.is_secret else repr(value)
            problems.append(Problem(path=_path(name), message=f"{name} ({source}) is {shown}, expected {error}"))


def _unknown_setting(source: str, name: str) -> Problem:
    return Problem(path=_path(name), message=f"{name} ({source}) is no setting", hint=did_you_mean(name, TABLE))


def _path(name: str) -> str:
    return "/" + name.replace(".", "/")


def _summary(problems: list[Problem]) -> str:
    texts = (f"{problem.message}; {problem.hint}" if problem.hint else problem.message for problem in problems)
    return "settings are wrong: " + "; ".join(texts)


def _file_values(file: Path | None, problems: list[Problem]) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    if file is None and not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(Problem(path="", message=f"the settings file {path} cannot be read: {error.strerror}"))
        return {}
    except ValueError as error:
        problems.append(Problem(path="", message=f"the settings file {path} is not valid TOML: {error}"))
        return {}
    flat = {name: value for name, value in table.items() if name != "limits"}
    limits = table.get("limits", {})
    if not isinstance(limits, dict):
        return {**flat, "limits": limits}
    return {**flat, **{f"limits.{name}": value for name, value in limits.items()}}


def _environment_values(environment: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    by_variable = {setting.variable: setting.name for setting in TABLE.values()}
    found = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in _CLI_VARIABLES:
            continue
        if variable not in by_variable:
            hint = did_you_mean(variable, by_variable)
            problems.append(Problem(path="", message=f"{variable} (environment) is no setting", hint=hint))
            continue
        found[by_variable[variable]] = value
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text")
    return value.strip()


def _path_value(value: Any) -> Path:
    return value if isinstance(value, Path) else Path(_text(value))


def _secret(value: Any) -> Secret:
    return value if isinstance(value, Secret) else Secret(_text(value))


def _url(value: Any) -> str:
    text = _text(value).rstrip("/")
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query + parts.fragment
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("an http or https address such as https://looply.example.com")
    return text


def split_address(text: str) -> tuple[str, int]:
    """Returns host and port of `HOST:PORT`, `[::1]:9464` included. Raises: ValueError."""
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535 or ("[" in host or "]" in host):
        raise ValueError("host and port such as 127.0.0.1:9464")
    return host, int(port)


def _listener(value: Any) -> str:
    text = _text(value)
    split_address(text)
    return text


def _split(text: str) -> Any:
    # As the defaults are written; an IPv6 network with a port begins with a bracket too.
    if not text.lstrip().startswith('["') and text.strip() != "[]":
        return text.split(",")
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _list(value: Any) -> tuple[str, ...]:
    items = _split(value) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("a list of texts (in the environment: separated by commas)")
    return tuple(item.strip() for item in items if item.strip())


def _networks(value: Any) -> tuple[str, ...]:
    items = _list(value)
    try:
        for item in items:
            ip_network(item)
    except ValueError as error:
        raise ValueError(f"addresses and networks such as 10.0.0.7 or 10.0.0.0/8; {error}") from error
    return items


def _token(value: Any) -> Secret:
    found = _secret(value)
    if len(found.reveal()) < _MIN_TOKEN_CHARACTERS:
        raise ValueError(f"a text of {_MIN_TOKEN_CHARACTERS} characters or more that is hard to guess")
    return found


def _hosts(value: Any) -> tuple[str, ...]:
    hosts = _list(value)
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ValueError("names of hosts such as cdn.example.com or *.example.com, without a scheme or a path")
    return hosts


def _tabs(value: Any) -> tuple[str, ...]:
    tabs = _list(value)
    if not all(_TAB.fullmatch(tab) for tab in tabs):
        raise ValueError(
            "the id of an organization and an issuer, such as ID=https://login.microsoftonline.com/ID/v2.0"
        )
    return tabs


def _choice(words: tuple[str, ...]) -> Parse:
    def parse(value: Any) -> str:
        text = value.strip().lower() if isinstance(value, str) else ""
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return parse


def _boolean(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def _integer(low: int, high: int = 2**53) -> Parse:
    def parse(value: Any) -> int:
        expected = f"a whole number from {low} to {high}"
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(expected)
        return value

    return parse


def _seconds(low: float, high: float = 86_400.0) -> Parse:
    def parse(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return number

    return parse


def _duration(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=_seconds(0.001)(value))


_BY_TYPE: Final[Mapping[Any, Parse]] = {
    str: _text,
    bool: _boolean,
    Path: _path_value,
    Path | None: _path_value,
    Secret | None: _secret,
    tuple[str, ...]: _list,
    EngineKind: _choice(get_args(EngineKind)),
    LogLevel: _choice(get_args(LogLevel)),
}
"""How the text of a setting is read by the type of its field, where nothing else is said."""

_STRICTER: Final[Mapping[str, Parse]] = {
    "port": _integer(0, 65_535),
    "public_url": _url,
    "sign_in_providers": read_providers,
    "mail": read_mail_server,
    "card_images": _hosts,
    "teams_tabs": _tabs,
    "drain_seconds": _seconds(0),
    "concurrency": _integer(1, 100_000),
    "host_concurrency": _integer(1, 100_000),
    "target_drain_per_second": _integer(0, 1000),
    "figure_seconds": _seconds(0.1),
    "function_processes": _integer(1, 256),
    "header_seconds": _seconds(0.1),
    "header_bytes": _integer(1024, 1024 * 1024),
    "body_seconds": _seconds(0.1),
    "keep_alive_seconds": _seconds(0.1),
    "trusted_proxies": _networks,
    "refusals_per_minute": _integer(1, 1_000_000),
    "retention_days": _integer(0, 36_500),
    "decision_retention_days": _integer(0, 36_500),
    "metrics_token": _token,
    "metrics_listen": _listener,
}
"""The settings with bounds, or with a form that their type does not say."""

_SECRETS: Final = (_secret, _token, read_providers, read_mail_server)
"""Parsers of settings whose values are not shown."""


def _rows() -> Iterator[Setting]:
    for field in msgspec.structs.fields(Settings):
        if field.name != "limits":
            parse = _STRICTER.get(field.name) or _BY_TYPE[field.type]
            yield Setting(name=field.name, default=field.default, parse=parse, is_secret=parse in _SECRETS)
    for field in msgspec.structs.fields(Limits):
        is_duration = isinstance(field.default, timedelta)
        yield Setting(
            name=f"limits.{field.name}_seconds" if is_duration else f"limits.{field.name}",
            default=field.default,
            parse=_duration if is_duration else _integer(1, LARGEST.get(field.name, 2**53)),
        )


TABLE: Final[Mapping[str, Setting]] = {row.name: row for row in _rows()}
"""Every setting by its name."""
