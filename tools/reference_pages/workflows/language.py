"""`operators.md` and `expressions.md`, from the tables of the operators of rules and of the functions."""

import json
from itertools import groupby

from looply.definition import OPERATORS
from looply.expressions.functions.table import EXAMPLE, FUNCTIONS
from reference_pages.markdown import code, page, table

_OPERANDS = {"boolean": "boolean", "number": "number", "text": "text", "time": "RFC 3339 time", "rule": "a rule"}

_OPERATORS = """
The rules of `conditional`, `branchConditional` and `advancedConditional` compare a `variable` with a `value` by one
of these operators. They are the Choice operators of the Amazon States Language, with its meaning:

- A variable that is missing, or of another type than the operator compares, makes the rule false. Nothing is
  converted.
- Only the `Is...` tests check presence and type themselves; `value` false negates them, the default is
  true.
- A path whose value is null is present.
- Texts compare by code point, case included.
- Times are RFC 3339 with offset and fraction, and compare as instants.
- `StringMatches` accepts `*` for any characters; a backslash makes the next character literal.
- `Not` has a rule as its `value` and is true when that rule is false.
"""

_RULE = """
```json
{"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 1000}
```
"""

_LANGUAGE = """
Expressions are Adaptive Expressions, the language of Adaptive Card templates. They are written as `${...}` within any
text of a step's settings and of a card. [The data document and expressions](../explanation/data-and-expressions.md)
explains what they read and how they are evaluated.

## Syntax

| piece | example |
|---|---|
| path into the data document | `payload.output.amount`, `sapRequest_1.output.headers.etag` |
| name with other characters | `payload.output['unit price']` |
| item of a list | `payload.output.items[0]` |
| text, number, boolean, null | `'text'`, `"text"`, `12.5`, `true`, `null` |
| arithmetic | `a + b`, `a - b`, `a * b`, `a / b`, `a % b`, `a ^ b` |
| text | `a & b` concatenates two texts |
| comparison | `==`, `!=`, `<`, `<=`, `>`, `>=` |
| logic | `&&`, `\\|\\|`, `!` |
| literal dollar sign | `\\${` in a text is `${` |

A path that does not exist is null. An operation that cannot be computed (a text where a number is required, a division
by zero) is an error with the code `EXPRESSION` that names the field, the expression and the position.
"""


def operators_page() -> str:
    """Returns the page of the operators of rules."""
    rows = [(code(name), operator.title, _OPERANDS[operator.operand]) for name, operator in OPERATORS.items()]
    return page("Operators of rules", _OPERATORS, _RULE, table(("operator", "reads as", "compares with"), rows))


def expressions_page() -> str:
    """Returns the page of the expression language with every function and its example."""
    parts = []
    for family, functions in groupby(FUNCTIONS.values(), key=lambda function: function.family):
        rows = []
        for function in functions:
            source, result = function.example
            example = f"{code(source)} is {code(json.dumps(result, ensure_ascii=False))}"
            rows.append((code(function.signature()), function.summary, str(function.result), example))
        parts.append(f"### {family.capitalize()}")
        parts.append(table(("function", "what it does", "result", "example"), rows))
    moment = EXAMPLE.now.isoformat().replace("+00:00", "Z")
    intro = f"Arguments in brackets are optional. The time of the examples is {code(moment)}."
    return page("Expressions", _LANGUAGE, "## Functions", intro, *parts)
