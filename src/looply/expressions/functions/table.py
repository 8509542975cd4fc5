"""The table of all functions. The docs, and a test of every example, are generated from it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from looply.expressions.functions.arithmetic import ARITHMETIC_FUNCTIONS
from looply.expressions.functions.chance import CHANCE_FUNCTIONS
from looply.expressions.functions.dates.dates import DATE_FUNCTIONS
from looply.expressions.functions.dates.shifting import SHIFTING_FUNCTIONS
from looply.expressions.functions.dates.timex import TIMEX_FUNCTIONS
from looply.expressions.functions.declaring.declaration import Function
from looply.expressions.functions.kinds import KIND_FUNCTIONS
from looply.expressions.functions.logic import LOGIC_FUNCTIONS
from looply.expressions.functions.structures.jpath import JPATH_FUNCTIONS
from looply.expressions.functions.structures.lists import LIST_FUNCTIONS
from looply.expressions.functions.structures.loops import LOOP_FUNCTIONS
from looply.expressions.functions.structures.objects import OBJECT_FUNCTIONS
from looply.expressions.functions.structures.sources import SOURCE_FUNCTIONS
from looply.expressions.functions.structures.xml import XML_FUNCTIONS
from looply.expressions.functions.texts.binary import BINARY_FUNCTIONS
from looply.expressions.functions.texts.conversion import CONVERSION_FUNCTIONS
from looply.expressions.functions.texts.numbers import NUMBER_FUNCTIONS
from looply.expressions.functions.texts.regex import REGEX_FUNCTIONS
from looply.expressions.functions.texts.text import TEXT_FUNCTIONS
from looply.expressions.functions.texts.uris import URI_FUNCTIONS
from looply.expressions.values.evaluation import Evaluation

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
            SHIFTING_FUNCTIONS,
            TIMEX_FUNCTIONS,
            CHANCE_FUNCTIONS,
            REGEX_FUNCTIONS,
            XML_FUNCTIONS,
            JPATH_FUNCTIONS,
        )
        for function in family
    }
)
"""Every function by its case-sensitive name."""

EXAMPLE = Evaluation(data={}, now=datetime(2026, 1, 15, 9, 30, tzinfo=UTC), chance=lambda: bytes(range(16)))
"""The evaluation that the examples of the table use."""
