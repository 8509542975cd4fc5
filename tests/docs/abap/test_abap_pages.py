"""The ABAP of the pages, as far as it can be checked without an ABAP system.

Every statement and block is complete; the classes and methods of SAP are among those that were looked up; paths,
parameters, JSON and fields of answers are those of the API; the interface of the add-on is kept.
"""

import json
import re
from functools import cache
from typing import Any, Final

import jsonschema_rs
import pytest
from abap_reader import EXPRESSION, Statement, Unbalanced, bodies, classes, statements
from docs_pages import DOCS, blocks

CLASSIC: Final = "call-from-sap.md"
CLOUD: Final = "call-from-abap-cloud.md"
PAGES: Final = (CLASSIC, CLOUD)

CALLS: Final = {
    CLASSIC: {
        *("cl_http_client=>create_by_destination", "cl_http_utility=>escape_url", "cl_http_utility=>set_request_uri"),
        *("if_http_client=>co_disabled", "if_http_request=>co_request_method_post"),
        *("->set_method", "->set_header_field", "->set_cdata", "->send", "->receive", "->get_status", "->get_cdata"),
        *("->get_header_field", "->close", "->request", "->response", "->propertytype_logon_popup"),
        *("/ui2/cl_json=>serialize", "/ui2/cl_json=>deserialize", "cl_system_uuid=>create_uuid_c32_static"),
        *("cl_bgrfc_destination_inbound=>create", "->create_trfc_unit", "->get_text", "->constructor"),
    },
    CLOUD: {
        *("cl_http_destination_provider=>create_by_comm_arrangement", "->execute", "->close"),
        *("cl_web_http_client_manager=>create_by_http_destination", "cl_web_http_utility=>escape_url"),
        *("if_web_http_client=>post", "->get_http_request", "->set_uri_path", "->set_query", "->set_header_field"),
        *("->set_text", "->get_status", "->get_text", "->constructor"),
        *("/ui2/cl_json=>serialize", "/ui2/cl_json=>deserialize", "cl_system_uuid=>create_uuid_c32_static"),
        *("cl_bgmc_process_factory=>get_default", "->create", "->set_name", "->set_operation_tx_uncontrolled"),
        *("->save_for_execution",),
    },
}
"""What SAP offers and the pages use, as SAP documents it."""

ADD_ON: Final = {
    "im_looply_wf": "ty_char36",
    "im_looply_wf_version": "int1",
    "im_recipient": "ty_char241",
    "im_scenario": "ty_char2",
    "im_scenario_id": "ty_char32",
    "im_scenario_version": "ty_char4",
    "im_step": "ty_numc3",
    "im_process_id": "ty_char48",
    "im_data": "string",
    "im_util_data": "string",
    "im_test": "flag",
    "im_profile": "ty_char40",
    "ex_subrc": "sysubrc",
    "ex_mess": "bapiret2",
    "ex_execution_id": "ty_char36",
}
"""The parameters of the add-on's `TRIGGER_WF`, as its public pages list them."""

SAMPLES: Final = {
    "json_text(": '"PO \\"1\\""',
    "zcl_looply=>json_text(": '"PO \\"1\\""',
    "json_value(": '{"ebeln": "4500000101"}',
    "lv_fields": ',"quantity":12',
    "lv_reason": '"Order was canceled."',
    "lv_amount": "17010.50",
    "iv_quantity": "12",
}
"""What embedded expressions of JSON can be, by their beginning."""

NOT_OF_CLOUD: Final = re.compile(
    r"\b(?:cl_http_client|cl_http_utility|cl_bgrfc\w+|sy-uname|CALL FUNCTION|WAIT UP TO|COMMIT WORK|MESSAGE|SUBMIT)\b"
)


def sources(page: str) -> list[str]:
    return [text for language, text in blocks(DOCS / "how-to" / page) if language == "abap"]


@cache
def read(page: str) -> list[Statement]:
    return [statement for text in sources(page) for statement in statements(text)]


@cache
def api() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / "reference" / "openapi.json").read_text(encoding="utf-8"))
    return found


def posts() -> dict[str, dict[str, Any]]:
    return {path: item["post"] for path, item in api()["paths"].items() if "post" in item}


def operation(path: str) -> dict[str, Any] | None:
    """Returns the POST of the API that a path with placeholders leads to."""
    found = [each for each in posts() if re.fullmatch(re.sub(r"\{\w+\}", "[^/?]+", each), path)]
    return posts()[found[0]] if found else None


def fields(name: str) -> dict[str, Any]:
    found: dict[str, Any] = api()["components"]["schemas"][name]["properties"]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "IF a = 1.\n  b = 2.",
        "METHOD a.\nENDIF.",
        "a = b( c .",
        "a = `x.\n",
        "a = |x { y .\n",
        "ELSE.",
        "a = 1",
    ],
)
def test_what_is_not_complete_is_found(text: str) -> None:
    with pytest.raises(Unbalanced):
        statements(text)


@pytest.mark.parametrize("page", PAGES)
def test_every_statement_and_block_is_complete(page: str) -> None:
    assert len(read(page)) > 50


@pytest.mark.parametrize("page", PAGES)
def test_names_and_lines_are_as_long_as_abap_allows(page: str) -> None:
    names = {name for statement in read(page) for name in re.findall(r"\w+", statement.code)}
    lines = [line for text in sources(page) for line in text.splitlines()]
    assert [name for name in names if len(name) > 30] == []
    assert [line for line in lines if len(line) > 130] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_method_that_is_declared_has_a_body(page: str) -> None:
    declared = {(class_, method) for class_, methods in classes(read(page)).items() for method in methods}
    bodied = [(class_, method) for class_, method, _ in bodies(read(page))]
    assert {each for each in bodied if "~" not in each[1]} == {each for each in declared if "~" not in each[1]}
    assert len(bodied) == len(set(bodied))


@pytest.mark.parametrize("page", PAGES)
def test_calls_are_of_classes_and_methods_that_exist(page: str) -> None:
    own = classes(read(page))
    called = {
        (class_.lower(), arrow, method.lower())
        for statement in read(page)
        for class_, arrow, method in re.findall(r"([\w/]*)(=>|->)(\w+)", statement.code)
    }
    own_methods = {method for methods in own.values() for method in methods}
    unknown = [
        f"{class_}{arrow}{method}"
        for class_, arrow, method in sorted(called)
        if not (method in own[class_] or method.startswith("c_") if class_ in own else method in own_methods)
        and f"{class_ if arrow == '=>' else ''}{arrow}{method}" not in CALLS[page]
    ]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES)
def test_calls_of_own_methods_pass_their_parameters_and_no_others(page: str) -> None:
    own = classes(read(page))
    wrong = []
    for class_, statement in within_classes(page):
        for called, method, arguments in calls(statement.code, class_):
            if called not in own or method not in own[called]:
                continue
            declared = own[called][method]
            given = set(re.findall(r"(?<![\w>-])((?:i[vm]|e[vx])_\w+)\s*=(?!>)", arguments))
            required = {name for name in declared.parameters if name[:2] in ("iv", "im")} - declared.optional
            if not given <= declared.parameters.keys() or (given and not required <= given):
                wrong.append(f"{called}=>{method}: {sorted(given)}")
    assert wrong == []


def within_classes(page: str) -> list[tuple[str, Statement]]:
    """Returns each statement of a body with the name of its class, and those outside of classes with none."""
    found = [(class_, statement) for class_, _, body in bodies(read(page)) for statement in body]
    known = {id(statement) for _, statement in found}
    return found + [("", statement) for statement in read(page) if id(statement) not in known]


def calls(code: str, class_: str) -> list[tuple[str, str, str]]:
    """Returns class, method and arguments of the calls in a statement; a bare name is of the class around it."""
    found = []
    for match in re.finditer(r"(?:(\w+)=>|NEW (\w+)\( \)->|(?<![\w>=-]))(\w+)\( ", code):
        depth, end = 1, match.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        arguments = code[match.end() : end]
        # Arguments of calls within the arguments are theirs.
        while (flat := re.sub(r"\w+\([^()]*\)", " ", arguments)) != arguments:
            arguments = flat
        found.append(((match[1] or match[2] or class_).lower(), match[3].lower(), arguments))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_paths_and_parameters_are_those_of_the_api(page: str) -> None:
    paths = [
        "".join(statement.templates).replace(EXPRESSION, "x")
        for statement in read(page)
        if any(template.startswith("/v") for template in statement.templates)
    ]
    joined = [path for path in paths if path.startswith("/")]
    assert len(joined) == len(paths) == 3
    assert [path for path in joined if operation(re.sub(r"\{.*", "", path)) is None] == []
    trigger = operation("/v2/workflows/triggerworkflow/x/x")
    assert trigger is not None
    parameters = {each["name"] for each in trigger["parameters"]}
    templates = [template for statement in read(page) for template in statement.templates]
    named = {name for template in templates for name in re.findall(rf"(\w+)=(?:{EXPRESSION}|true\b)", template)}
    assert named
    assert named - parameters == set()


@pytest.mark.parametrize("page", PAGES)
def test_headers_are_those_of_the_api(page: str) -> None:
    headers = {
        statement.literals[0]
        for statement in read(page)
        if "->set_header_field(" in statement.code and statement.literals
    }
    keys = {scheme["name"].lower() for scheme in api()["components"]["securitySchemes"].values() if "name" in scheme}
    trigger = operation("/v2/workflows/triggerworkflow/x")
    assert trigger is not None
    known = {each["name"].lower() for each in trigger["parameters"] if each["in"] == "header"} | keys
    assert {header.lower() for header in headers} == {"x-api-key", "content-type", "idempotency-key"}
    assert {header.lower() for header in headers} - known == {"content-type"}


def json_of(statement: Statement) -> Any:
    """Returns the JSON that a statement writes, with samples for its expressions; None where it writes none."""
    text = "".join(statement.templates)
    begin = text.find('{"')
    if begin < 0:
        return None
    skipped = text[:begin].count(EXPRESSION)
    text = text[begin:]
    for expression in statement.expressions[skipped : skipped + text.count(EXPRESSION)]:
        (sample,) = [value for head, value in SAMPLES.items() if expression.startswith(head)]
        text = text.replace(EXPRESSION, sample, 1)
    return json.loads(text)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("method", "schema"), [("resume", "ResumeBody"), ("terminate", "TerminateBody")])
def test_bodies_are_those_of_the_api(page: str, method: str, schema: str) -> None:
    written = [
        json_of(statement)
        for class_, name, body in bodies(read(page))
        for statement in body
        if name == method and class_ in ("zcl_looply", "zcl_looply_cloud") and json_of(statement) is not None
    ]
    assert len(written) == 1
    document = {"$ref": f"#/components/schemas/{schema}", "components": api()["components"]}
    jsonschema_rs.validator_for(document).validate(written[0])
    assert written[0]["payload"]
    if method == "resume":
        assert written[0]["payload"] == {"source": "SAP", "quantity": 12}
    else:
        (name,) = written[0]["payload"]
        assert f"`payload.{name}`" in api()["components"]["schemas"][schema]["description"]


@pytest.mark.parametrize("page", PAGES)
def test_fields_of_answers_are_those_of_the_api(page: str) -> None:
    (answer,) = [statement.code for statement in read(page) if "BEGIN OF ty_answer" in statement.code]
    named = set(re.findall(r"(\w+)\s+TYPE string", answer))
    assert named == {"message", "code", "request_id", "looply_execution_id"}
    assert named <= fields("TriggerAnswer").keys() | fields("ErrorAnswer").keys()
    (code,) = [statement.literals for statement in read(page) if "ls_answer-code" in statement.code]
    assert code[0] in fields("ResumeAnswer")["code"]["enum"]


def test_the_interface_of_the_add_on_is_kept() -> None:
    method = classes(read(CLASSIC))["zcl_looply_core"]["trigger_wf"]
    assert method.parameters == ADD_ON
    assert {name for name in ADD_ON if name.startswith("im_")} - method.optional == {"im_looply_wf"}


def test_the_table_of_the_add_on_says_what_the_class_does() -> None:
    page = (DOCS / "how-to" / CLASSIC).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:IM|EX)_\w+)` \| (\w+)[^|]* \| ([A-Z0-9]+) \| ([^|]*)\|$", page, re.MULTILINE)
    kinds = {name.lower(): kind for name, _, kind, _ in rows}
    expected = {name: kind.removeprefix("ty_").upper() for name, kind in ADD_ON.items()}
    assert kinds == expected
    (body,) = [
        json_of(statement)
        for _, name, body in bodies(read(CLASSIC))
        for statement in body
        if name == "trigger_wf" and json_of(statement) is not None
    ]
    assert [match[1] for *_, cell in rows if (match := re.fullmatch(r"`(\w+)` ?", cell))] == list(body)


def test_json_of_the_example_is_json() -> None:
    written = [found for statement in read(CLASSIC) if (found := json_of(statement)) is not None and "po" in found]
    assert written == [{"po": 'PO "1"', "amount": 17010.5}]


def test_the_cloud_page_uses_nothing_of_classic_abap() -> None:
    assert [found for statement in read(CLOUD) for found in NOT_OF_CLOUD.findall(statement.code)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_say_that_the_abap_was_not_compiled(page: str) -> None:
    assert "was not compiled" in (DOCS / "how-to" / page).read_text(encoding="utf-8")
