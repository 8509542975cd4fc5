"""Signatures of webhook calls: the vector of Standard Webhooks, and several secrets at once."""

from datetime import UTC, datetime

from looply.channels.notifications.signing import signature_headers

# The example of the specification and of its libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330.9, UTC)
BODY = b'{"test": 2432232314}'


def test_a_call_is_signed_as_standard_webhooks_does() -> None:
    assert signature_headers((SECRET,), ID, AT, BODY) == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNATURE,
    }


def test_id_time_body_and_secret_are_all_part_of_the_signature() -> None:
    other = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    found = {
        signature_headers((secret,), call_id, at, body)["webhook-signature"]
        for secret, call_id, at, body in (
            (SECRET, ID, AT, BODY),
            (other, ID, AT, BODY),
            (SECRET, "msg_2", AT, BODY),
            (SECRET, ID, AT.replace(year=2022), BODY),
            (SECRET, ID, AT, BODY + b" "),
        )
    }
    assert len(found) == 5
    assert signature_headers((other, SECRET), ID, AT, BODY)["webhook-signature"].split()[1] == SIGNATURE
