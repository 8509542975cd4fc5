"""`settings.md` and `limits.md`, from the table of settings."""

import msgspec

from looply.limits import Limits
from looply.settings import TABLE, Settings
from reference_pages.markdown import code, field_texts, page, shown_default, table

_SETTINGS = """
Each setting can be given in a file, in the environment and, for some commands, as a flag. Flags win over variables,
variables over the file, the file over the default. The file is `looply.toml` in the folder where the command runs;
limits are the table `[limits]` in it. An unknown key or an invalid value prevents the start, and all problems are
reported together.

`LOOPLY_URL` and `LOOPLY_API_KEY` are no settings of the server: commands use them to call one. See [command
line](cli.md) for the flags and [limits](limits.md) for the limits.
"""

_LIMITS = """
All limits of the system. An error caused by a limit names it. Sizes are bytes of JSON text, times are
seconds. In `looply.toml` the names belong to the table `[limits]`; [settings](settings.md) explains the sources of
values.

```toml
[limits]
body_bytes = 2097152
```
"""


def settings_page() -> str:
    """Returns the page of all settings but the limits."""
    texts = field_texts(Settings)
    rows = [
        (code(name), code(row.variable), code(shown_default(row.default)) or "none", texts[name])
        for name, row in TABLE.items()
        if not name.startswith("limits.")
    ]
    return page("Settings", _SETTINGS, table(("setting", "variable", "default", "meaning"), rows))


def limits_page() -> str:
    """Returns the page of all limits."""
    texts = field_texts(Limits)
    rows = []
    for field, (name, row) in zip(
        msgspec.structs.fields(Limits), ((n, r) for n, r in TABLE.items() if n.startswith("limits.")), strict=True
    ):
        short = name.removeprefix("limits.")
        rows.append((code(short), code(row.variable), code(shown_default(row.default)), texts[field.name]))
    return page("Limits", _LIMITS, table(("limit", "variable", "default", "meaning"), rows))
