"""Use cases of people: sign-in, sessions, invitations, members, views, and organizations that are made while serving.

Imports `openid`, `messages` and `context`.
Never here: cookies and other headers; API keys.
"""
