"""Dates, their formats, time zones and TIMEX, compatible with Microsoft's JavaScript package."""
