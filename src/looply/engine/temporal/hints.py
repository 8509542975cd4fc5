"""Hints: what a refusal of Temporal means and what to do about it, beside the library's own message.

The texts decide nothing: whatever fails is tried again. They are for readers of the log.
"""

from typing import Final

_ENDED: Final = "it ended the connection; it may need TLS (temporal_tls), or a certificate (temporal_tls_certificate)"

_HINTS: Final = (
    (
        ("UnknownIssuer",),
        "its certificate is not signed by an authority that this process trusts; name its authority in temporal_tls_ca",
    ),
    (("NotValidForName",), "its certificate is for another name; write temporal_address as the certificate has it"),
    (("InvalidCertificate(Expired",), "its certificate has expired; renew it"),
    (("InvalidContentType",), "it does not use TLS; remove temporal_tls, or check temporal_address"),
    (("Unauthenticated",), "it accepts no call without a valid API key; set temporal_api_key, or renew the key"),
    (
        ("PermissionDenied",),
        "this process may not use the namespace; check temporal_namespace, and the permissions of key or certificate",
    ),
    (("Namespace", "not found"), "there is no such namespace; create it, or check temporal_namespace"),
    (("Connection refused",), "no server listens there; start it, or check temporal_address"),
    *(
        ((words,), _ENDED)
        for words in ("connection closed", "peer closed connection", "connection reset", "broken pipe", "fatal alert")
    ),
)
"""Words that occur together in a message of the library or the server, in any case, and what they mean."""


def with_hint(text: str) -> str:
    """Returns the text of a refusal, preceded by its meaning where that is known."""
    plain = _plain(text)
    for words, hint in _HINTS:
        if all(_plain(word) in plain for word in words):
            return f"{hint} ({text})"
    return text


def _plain(text: str) -> str:
    # Statuses come as `PermissionDenied` and as `PERMISSION_DENIED`.
    return text.lower().replace("_", "").replace(" ", "")
