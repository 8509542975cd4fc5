"""Number formats of locales: the decimal separator, the group separator, the digits.

The locales and their separators are those of Microsoft's packages; every other locale has the English format.
"""

from collections.abc import Mapping
from typing import NamedTuple


class NumberLocale(NamedTuple):
    """The number format of one locale; `later` is the size of the groups to the left of the last three digits."""

    decimal: str = "."
    thousands: str = ","
    later: int = 3
    digits: str = "0123456789"


ENGLISH = NumberLocale()
_SAME = "en-IE ar-EH ja-JP en-GB en-CA en-US ko-KR es-MX zh-CN he-IL"
_POINT = "ar-MA it-IT ca-ES es-ES ar-DZ nl-NL ar-TN pt-BR ar-LY pl-PL mk-MK de-DE es-BO"
_SPACE = "uk-UA sv-SE fi-FI cs-CZ fr-CA fr-FR ru-RU hu-HU"
_ARABIC = (
    "ar-BH ar-PS ar-EG ar-IQ ar-AE ar-MR ar-TD ar-SY ar-JO ar-ER ar-LB ar-YE ar-SS ar-SO ar-DJ ar-SD ar-001 ar-SA "
    "ar-KW ar-QA ar-IL ar-OM ar-KM"
)
NUMBER_LOCALES: Mapping[str, NumberLocale] = {
    **dict.fromkeys(_SAME.split(), ENGLISH),
    **dict.fromkeys(_POINT.split(), NumberLocale(",", ".")),
    **dict.fromkeys(_SPACE.split(), NumberLocale(",", "\N{NO-BREAK SPACE}")),
    **dict.fromkeys(
        _ARABIC.split(),
        NumberLocale(
            "\N{ARABIC DECIMAL SEPARATOR}",
            "\N{ARABIC THOUSANDS SEPARATOR}",
            digits="".join(chr(0x660 + digit) for digit in range(10)),
        ),
    ),
    "de-CH": NumberLocale(",", "'"),
    "en-IN": NumberLocale(later=2),
}
"""By locale tag, which is case-sensitive."""
