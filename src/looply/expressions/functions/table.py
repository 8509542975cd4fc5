"""The table of all functions. The docs and a test of every example are made from it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from looply.expressions.evaluation import Evaluation
from looply.expressions.functions.arithmetic import ARITHMETIC_FUNCTIONS
from looply.expressions.functions.binary import BINARY_FUNCTIONS
from looply.expressions.functions.chance import CHANCE_FUNCTIONS
from looply.expressions.functions.conversion import CONVERSION_FUNCTIONS
from looply.expressions.functions.dates import DATE_FUNCTIONS
from looply.expressions.functions.declaration import Function
from looply.expressions.functions.jpath import JPATH_FUNCTIONS
from looply.expressions.functions.kinds import KIND_FUNCTIONS
from looply.expressions.functions.lists import LIST_FUNCTIONS
from looply.expressions.functions.logic import LOGIC_FUNCTIONS
from looply.expressions.functions.loops import LOOP_FUNCTIONS
from looply.expressions.functions.moving import MOVING_FUNCTIONS
from looply.expressions.functions.numbers import NUMBER_FUNCTIONS
from looply.expressions.functions.objects import OBJECT_FUNCTIONS
from looply.expressions.functions.regex import REGEX_FUNCTIONS
from looply.expressions.functions.sources import SOURCE_FUNCTIONS
from looply.expressions.functions.text import TEXT_FUNCTIONS
from looply.expressions.functions.timex import TIMEX_FUNCTIONS
from looply.expressions.functions.uris import URI_FUNCTIONS
from looply.expressions.functions.xml import XML_FUNCTIONS

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for family in (
            TEXT_FUNCTIONS,
            LIST_FUNCTIONS,
            LOOP_FUNCTIONS,
            LOGIC_FUNCTIONS,
            CONVERSION_FUNCTIONS,
            NUMBER_FUNCTIONS,
            BINARY_FUNCTIONS,
            URI_FUNCTIONS,
            OBJECT_FUNCTIONS,
            SOURCE_FUNCTIONS,
            KIND_FUNCTIONS,
            ARITHMETIC_FUNCTIONS,
            DATE_FUNCTIONS,
            MOVING_FUNCTIONS,
            TIMEX_FUNCTIONS,
            CHANCE_FUNCTIONS,
            REGEX_FUNCTIONS,
            XML_FUNCTIONS,
            JPATH_FUNCTIONS,
        )
        for function in family
    }
)
"""Every function by name, case included."""

EXAMPLE = Evaluation(data={}, now=datetime(2026, 1, 15, 9, 30, tzinfo=UTC), chance=lambda: bytes(range(16)))
"""What the examples of the table are evaluated on."""
