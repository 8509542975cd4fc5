"""What a refusal of Temporal means and what to do about it, said beside the library's own words.

Nothing is decided by these texts: whatever fails is tried again. They are for who reads the log.
"""

from typing import Final

_ENDED: Final = "it ended the connection; it may want TLS (temporal_tls), or a certificate (temporal_tls_certificate)"

_HINTS: Final = (
    (
        ("UnknownIssuer",),
        "its certificate is signed by nobody that this process trusts; name its authority in temporal_tls_ca",
    ),
    (("NotValidForName",), "its certificate is for another name; write temporal_address as the certificate has it"),
    (("InvalidCertificate(Expired",), "its certificate has expired; renew it"),
    (("InvalidContentType",), "it speaks no TLS; take temporal_tls away, or look at temporal_address"),
    (("Unauthenticated",), "it takes no call without a valid API key; give temporal_api_key, or renew it"),
    (
        ("PermissionDenied",),
        "this process may not use the namespace; look at temporal_namespace, and at the rights of key or certificate",
    ),
    (("Namespace", "not found"), "there is no such namespace; make it, or look at temporal_namespace"),
    (("Connection refused",), "nobody listens there; start it, or look at temporal_address"),
    *(
        ((words,), _ENDED)
        for words in ("connection closed", "peer closed connection", "connection reset", "broken pipe", "fatal alert")
    ),
)
"""Words of the library or of the server that come together, whatever the case of letters, and what they mean."""


def with_hint(text: str) -> str:
    """Returns the text of a refusal, with what it means before it where that is known."""
    plain = _plain(text)
    for words, hint in _HINTS:
        if all(_plain(word) in plain for word in words):
            return f"{hint} ({text})"
    return text


def _plain(text: str) -> str:
    # Statuses come as `PermissionDenied` and as `PERMISSION_DENIED`.
    return text.lower().replace("_", "").replace(" ", "")
