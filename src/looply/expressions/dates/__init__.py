"""Dates, their formats, time zones and TIMEX, as Microsoft's JavaScript package has them."""
