"""Processes of the shipped command and their callers: servers, installations, the ledger of calls, tracing."""
