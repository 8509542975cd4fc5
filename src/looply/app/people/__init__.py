"""Use cases of people: sign-in, sessions, invitations, members, and organizations that are made while serving.

Imports `context`.
Never here: cookies and other headers; API keys.
"""
