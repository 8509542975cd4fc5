"""Dates, their formats, time zones and TIMEX, compatible with Microsoft's JavaScript package.

Imports `values`.
Never here: a function of the language; those on dates are in `functions/dates`.
"""
