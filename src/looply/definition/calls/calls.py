"""Compiles the settings of the steps that call another system, and the step fields that only calls have."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from looply.definition.graph.model import OnUnknown
from looply.definition.schemas.schema_problems import quote_value
from looply.definition.schemas.settings_schema import SETTINGS
from looply.definition.settings.addresses import check_url_values, odata_placements, url_placement, warn_of_raw
from looply.definition.settings.reading import Reader, read_template
from looply.definition.settings.step_settings import CallSettings
from looply.definition.values.pointer import join_pointer, points_into, split_pointer
from looply.definition.values.repeat import Repeat, repeat_of_method, repeat_of_odata
from looply.definition.values.report import Report, write
from looply.definition.values.retry import RETRY_ON, RetryPolicy
from looply.errors import DefinitionError, say
from looply.expressions import Expression, ExpressionSyntaxError, Placement, Template, split_template
from looply.jsontext import Json

_OF_ENGINE: Final = "datastore."
_NOT_SENT: Final = frozenset({"fail_on", "ok_on", "raw"})
_SCHEMES: Final = ("http://", "https://")
_ESCAPED_BY: Final = {
    "xml": ("xmlText", "xml", "base64"),
    "raw": ("jsonStringify", "json", "uriComponent", "xmlText", "base64"),
}
"""The functions that escape a value for a text body, the usual one first."""
_ON_UNKNOWN: Final[Mapping[Repeat, OnUnknown]] = {
    "always": "retry",
    "with_key": "retry",
    "ask": "ask",
    "never": "incident",
}
_LITERAL_AUTH = say(
    "CREDENTIAL_IN_DEFINITION", "everyone who may read the workflow can read a credential in its definition"
)


def compile_http_request(reader: Reader, operation: str) -> CallSettings:
    """Returns the settings of an `httpRequest`."""
    if "connection" in reader and "auth" in reader:
        message = "`auth` and `connection` cannot be given together: the connection has the credentials"
        reader.error("auth", say("AUTH_BESIDE_CONNECTION", message))
    _check_url(reader)
    _check_method_of(reader, "pages", "GET")
    _check_method_of(reader, "soap", "POST")
    _check_markup(reader)
    warn_of_raw(reader)
    for name in ("token", "password"):
        _warn_of_literal(reader.child("auth") if isinstance(reader.value.get("auth"), dict) else None, name)
    return _request(reader, operation, repeat_of_method(reader.value.get("method", "GET")))


def compile_sap_request(reader: Reader, operation: str) -> CallSettings:
    """Returns the settings of a `sapRequest`."""
    if ("system_id" in reader) != ("client" in reader):
        missing = "client" if "system_id" in reader else "system_id"
        message = "`system_id` and `client` name a system together; `{name}` is missing"
        reader.error(missing, say("SAP_SYSTEM_INCOMPLETE", message, name=missing))
    if "connection" in reader and "system_id" in reader:
        message = "give either `connection`, or `system_id` and `client`, not both"
        reader.error("system_id", say("SAP_SYSTEM_TWICE", message))
    if not {"connection", "system_id", "client"} & reader.value.keys():
        hint = say("NAME_SAP_SYSTEM", "name a `connection`, or give `system_id` and `client`")
        reader.error("connection", say("SAP_SYSTEM_MISSING", "the SAP system is missing"), hint)
    _check_batch(reader)
    _check_markup(reader)
    warn_of_raw(reader)
    return _request(reader, operation, repeat_of_odata(reader.value))


def _check_batch(reader: Reader) -> None:
    """Reports settings of a `sapRequest` that contradict each other."""
    for whole in ("batch", "next"):
        for name in ("entity", "params", "body", "pages" if whole == "batch" else "batch"):
            if whole in reader and name in reader:
                message = "give either `{one}` or `{other}`, not both"
                reader.error(name, say("GIVE_ONE", message, one=whole, other=name))
    if "probe" in reader and repeat_of_odata(reader.value) != "ask":
        message = "is never used: the call is harmless to repeat, so it is repeated instead"
        reader.warning("probe", say("PROBE_UNUSED", message))


def _request(reader: Reader, operation: str, repeat: Repeat) -> CallSettings:
    return CallSettings(
        operation=operation,
        fail_on=tuple(reader.value.get("fail_on", ())),
        ok_on=tuple(reader.value.get("ok_on", ())),
        repeat=repeat,
    )


def call_input(reader: Reader) -> Template:
    """Returns the template of the input of a call: its settings without those that only interpret the response."""
    sent = {name: value for name, value in reader.value.items() if name not in _NOT_SENT}
    placements = {} if reader.value.get("raw") is True and "service_path" not in reader else _placements(reader)
    return read_template({"method": "GET", **sent}, reader.path, reader.report, placements)


def compile_operation(reader: Reader, _: str) -> CallSettings:
    """Returns the settings of an `operation`, which name the operation to call; installed or not is not checked."""
    given: dict[str, Json] = reader.value.get("input", {})
    if "connection" in reader and "connection" in given:
        wording = "the connection is named twice, here and in `input`; name it here"
        reader.error("connection", say("CONNECTION_TWICE", wording))
    if reader.value["operation"].startswith(_OF_ENGINE):
        wording = "{operation} is carried out by the engine itself"
        message = say("OPERATION_OF_ENGINE", wording, operation=quote_value(reader.value["operation"]))
        reader.error("operation", message, say("USE_DATASTORE", "use a step of type datastore"))
    return CallSettings(
        operation=reader.value["operation"],
        fail_on=tuple(reader.value.get("fail_on", ())),
        ok_on=tuple(reader.value.get("ok_on", ())),
        repeat=reader.value.get("repeat", "never"),
        input_setting="/input",
    )


def operation_input(reader: Reader) -> Template:
    """Returns the template of the input of an `operation`: its `input` and the name of its connection."""
    given: dict[str, Json] = reader.value.get("input", {})
    template = read_template(given, reader.pointer("input"), reader.report)
    if "connection" not in reader:
        return template
    reader.template("connection")
    # The problems of both parts are reported already, at their own paths.
    return read_template({**given, "connection": reader.value["connection"]}, reader.path, Report())


def _placements(reader: Reader) -> dict[str, Placement]:
    """Returns the escaping that confines a value to a path segment, a query value or an OData literal."""
    if "service_path" not in reader:
        return {"/url": url_placement(is_below_connection="connection" in reader)}
    is_raw = reader.value.get("raw") is True
    found = odata_placements(_params_at("", reader.value), is_raw=is_raw)
    batch = reader.value.get("batch")
    parts = [(f"/batch/{index}", part) for index, part in enumerate(batch if isinstance(batch, list) else ())]
    for at, part in [("/probe", reader.value.get("probe")), *parts]:
        if isinstance(part, dict):
            found |= odata_placements(_params_at(at, part), at, is_raw=is_raw)
    return found


def _params_at(at: str, values: dict[str, Json]) -> list[str]:
    params = values.get("params")
    return [join_pointer(f"{at}/params", name) for name in params] if isinstance(params, dict) else []


def _check_markup(reader: Reader) -> None:
    """Warns of values that are inserted into a text body without escaping: they can change the text around them."""
    kind, body = "xml" if "soap" in reader else reader.value.get("body_type"), reader.value.get("body")
    if kind not in _ESCAPED_BY or not isinstance(body, str):
        return
    with suppress(ExpressionSyntaxError):  # reported with the whole input
        pieces = split_template(body)
        values = [piece for piece in pieces if isinstance(piece, Expression)] if len(pieces) > 1 else []
        bare = next((value for value in values if value.outer_call not in _ESCAPED_BY[kind]), None)
        if bare is not None:
            wording = "{expression} is inserted into the {kind} body without escaping and may change its structure"
            message = say("UNESCAPED", wording, expression=f"${{{bare.source}}}", kind=kind)
            reader.warning("body", message, write(f"${{{_ESCAPED_BY[kind][0]}({bare.source})}}"))


def on_unknown(step: Reader, repeat: Repeat) -> OnUnknown:
    """Returns how an unknown outcome of a call is handled; the default is `retry` only where it may be repeated."""
    stated: OnUnknown | None = step.value.get("on_unknown")
    return stated or _ON_UNKNOWN[repeat]


def retry_policy(step: Reader) -> RetryPolicy | None:
    """Returns the retry policy of a step, or None when it has none."""
    reader = step.child("retry")
    if reader is None:
        return None
    default = RetryPolicy()
    interval = read_timedelta(reader, "interval", allows_zero=True)
    longest = read_timedelta(reader, "max_interval")
    if interval is not None and longest is not None and longest < interval:
        reader.error("max_interval", say("MAX_INTERVAL_TOO_SHORT", "is shorter than `interval`"))
    return RetryPolicy(
        max_attempts=int(reader.value.get("max_attempts", default.max_attempts)),
        interval=interval if interval is not None else default.interval,
        backoff=float(reader.value.get("backoff", default.backoff)),
        max_interval=longest,
        jitter=float(reader.value.get("jitter", default.jitter)),
        on=tuple(reader.value.get("on", RETRY_ON)),
    )


def read_timedelta(reader: Reader, name: str, *, allows_zero: bool = False) -> timedelta | None:
    """Returns a constant duration without date parts; None when it is absent or wrong."""
    duration = reader.duration(name, allows_zero=allows_zero)
    try:
        return duration.to_timedelta() if duration is not None else None
    except DefinitionError as error:
        reader.error(name, say("DURATION_INVALID", "{reason}", reason=error.message))
        return None


def secret_pointers(step: Reader, settings: dict[str, Json]) -> tuple[str, ...]:
    """Returns the pointers of a step's secrets, including its credentials, and reports pointers that lead nowhere."""
    stated: list[str] = step.value.get("secret", [])
    for index, pointer in enumerate(stated):
        head, *rest = split_pointer(pointer)
        known = [*SETTINGS[step.value["type"]]["properties"], "output"]
        if head not in known:
            hint = step.report.suggest(head, known) or say("OUTPUT_BELOW", "the output of a step is under /output")
            message = say("SECRET_UNKNOWN", "a {type} has no {name!r}", type=step.value["type"], name=head)
            step.report.error(step.pointer("secret", index), message, hint)
        elif head != "output" and not (points_into(settings, pointer) or _is_computed(settings, (head, *rest))):
            wording = "{pointer!r} points to no value in the settings of the step"
            step.report.error(step.pointer("secret", index), say("SECRET_NOWHERE", wording, pointer=pointer))
    own = _credentials(settings, "")
    if step.value["type"] == "operation" and isinstance(given := settings.get("input"), dict):
        own = _credentials(given, "/input")
    return tuple(dict.fromkeys((*stated, *own)))


def _credentials(settings: dict[str, Json], base: str) -> tuple[str, ...]:
    """Returns the pointers of the credentials in the settings of a call, as opposed to those of a connection."""
    auth = settings.get("auth")
    if isinstance(auth, dict):
        return tuple(f"{base}/auth/{name}" for name in ("token", "password") if name in auth)
    return (f"{base}/auth",) if isinstance(auth, str) else ()


def _check_url(reader: Reader) -> None:
    url: str = reader.value.get("url", "")
    if not url:
        if "connection" not in reader:
            hint = say("GIVE_URL", "give an absolute `url`, or name a `connection` that has the address")
            reader.error("url", say("URL_MISSING", "`url` is missing"), hint)
        return
    written = url.partition("${")[0].lower()
    is_absolute = any(written.startswith(scheme) for scheme in _SCHEMES)
    may_become_absolute = written != url.lower() and any(scheme.startswith(written) for scheme in _SCHEMES)
    may_be_relative = "connection" in reader and "://" not in written
    if not (is_absolute or may_become_absolute or may_be_relative):
        wording = "{url} does not begin with http:// or https://"
        reader.error("url", say("URL_NOT_ABSOLUTE", wording, url=quote_value(url)))
        return
    if reader.value.get("raw") is not True:
        with suppress(ExpressionSyntaxError):  # reported with the whole input
            check_url_values(reader, split_template(url))


def _check_method_of(reader: Reader, name: str, method: str) -> None:
    """Reports a setting that only calls of one method can have; one that an expression decides is checked later."""
    stated = str(reader.value.get("method", "GET"))
    if name in reader and stated.upper() != method and "${" not in stated:
        wording = "`{name}` is for calls by {method}, not by {stated}"
        message = say("OTHER_METHOD", wording, name=name, method=method, stated=stated)
        reader.error(name, message, write(f'"method": "{method}"'))


def _is_computed(settings: Json, parts: tuple[str, ...]) -> bool:
    """Returns whether an expression on the path computes the value, so that it is known after evaluation only."""
    value = settings
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
    return isinstance(value, str) and "${" in value


def _warn_of_literal(auth: Reader | None, name: str) -> None:
    if auth is not None and name in auth and "${" not in auth.value[name]:
        hint = say("NAME_CONNECTION", "name a `connection`, or read it from an earlier step")
        auth.warning(name, _LITERAL_AUTH, hint)
