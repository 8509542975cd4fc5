"""The meaning of each code with which a step fails, and its remedy; `error_notes.py` has those of all other errors."""

from typing import Final

STEP_ERRORS: Final[dict[str, str]] = {
    "AUTH_FAILED": (
        "The other system refused the credentials, or answered with a page or a redirect for a browser logon. Check "
        "the connection, and that the system accepts this kind of authentication for the service."
    ),
    "BAD_INPUT": "The input of the step is invalid. The message names the field; nothing was sent.",
    "BAD_RESPONSE": (
        "The response of the other system cannot be read: its compression is invalid or was not asked for, it says "
        "that it is JSON and is none, or a page of a list has no list. The call itself was carried out."
    ),
    "BATCH_PART_FAILED": (
        "A part of a batch failed although the batch was answered. `error.far` has what the system said of the worst "
        "part; the output has all parts."
    ),
    "BULK_TERMINATES": (
        "A bulk is terminating executions of the workflow that a `subworkflow` step starts. "
        "Retry the step after its end."
    ),
    "CALENDAR": "The calendar of an approval cannot be read; the message has the path of the mistake.",
    "CHILD_FAILED": (
        "The execution that a `subworkflow` step waited for ended as failed by its `terminate` step, for this reason."
    ),
    "CHILD_RATE": (
        "`subworkflow` steps of the organization start more executions than the limit `child_starts_per_minute` "
        "allows in this minute and in the next one: a start is delayed by two minutes at most."
    ),
    "CHILD_TERMINATED": "The execution that a `subworkflow` step waited for was terminated.",
    "CONNECTION": (
        "The other system could not be reached, or the connection broke. Retried when the step has a `retry`."
    ),
    "CONNECTOR_DEFECT": (
        "An operation raised an unexpected error. The log line with the execution's id has the details."
    ),
    "CREDENTIAL_BOUND": (
        "The call opened a connection and then tried to reach a host that the connection does not name."
    ),
    "DEPTH_LIMIT": (
        "The depth of child executions has reached the limit `child_depth`; probably a workflow calls itself."
    ),
    "DOCUMENT_TOO_LARGE": (
        "The data document would grow over the limit `document_bytes`, of which a list or an object counts 16 "
        "bytes at least. Keep less in outputs, or raise the limit."
    ),
    "EGRESS_DENIED": (
        "The destination does not exist, or is not public and the setting `egress_allow` does not list it."
    ),
    "EXECUTION_TIMEOUT": "`workflow_settings.timeout` expired. The incident is of kind `TIMEOUT`.",
    "FUNCTION_CRASHED": (
        "The process that ran the code died, and so did the one that ran it again. Look for what kills "
        "processes on the machine, such as a lack of memory."
    ),
    "FUNCTION_FAILED": (
        "The code raised an exception that it did not catch. The message has the line and the text of the exception."
    ),
    "FUNCTION_MEMORY": (
        "The code used more memory than `function_memory_bytes`. Process less data at once, or raise the limit."
    ),
    "FUNCTION_RESULT": (
        "The result of the code is no JSON, nested too deeply or too large. The message has the path in the result."
    ),
    "FUNCTION_SYNTAX": "The code has a syntax error. The message has the line.",
    "FUNCTION_TIME": (
        "The code did not end within the limit `function_time_seconds`: look for an endless loop, or raise the limit."
    ),
    "LIMIT": (
        "A limit is reached: recipients, open waits or a size. The message names it. `putDatastore` answers this "
        "too for a document that is too large."
    ),
    "JOIN_NOT_MET": "So many branches ended without arriving at the `join` that it can no longer be met.",
    "LOOP_LIMIT": "A `redirect` has sent the execution back as often as its `max_visits` allows.",
    "MAIL_REFUSED": "The mail server refused the mail, its sender or all its recipients (5xx). The message says why.",
    "MAIL_UNSUPPORTED": (
        "The mail server lacks a feature that the connection requires, such as STARTTLS. Check `tls` and `user`."
    ),
    "NO_APPROVER": "An approval has no recipients, or fewer than its `quorum`.",
    "OPERATION_FAILED": "A call to another system failed.",
    "OPERATION_NOT_INSTALLED": (
        "The process that makes the call has no connector with this operation. Install it in every process that "
        "makes calls, restart them, then retry the step."
    ),
    "PARENT_TERMINATED": "The execution was terminated before the child of its step was started.",
    "POISONED": (
        "The process ended several times during this execution or its call; it is quarantined with an incident."
    ),
    "REDIRECT_REFUSED": (
        "A redirect leads to a target that is not allowed, there are too many, or the method is not one that follows "
        "them: then the call was not carried out. `ok_on` takes such an answer as data."
    ),
    "REJECTED": (
        "The other system understood the call and refused it, also by a SOAP fault or a BAPI message with status 200."
    ),
    "RESPONSE_TOO_LARGE": (
        "The response is over `response_bytes` or `json_nodes`, or in too many pieces. Request less, as by `$select`."
    ),
    "BAD_TOKEN_ANSWER": (
        "The server of a connection's tokens answered something that is no token. The message says what. Correct "
        "`token_url`, or ask who runs that server."
    ),
    "BLOB_TOO_LARGE": (
        "The answer is no text, and larger than the limit `blob_bytes`. Request less, or raise the limit. The call was "
        "made."
    ),
    "BLOB_NOT_STORED": (
        "The call was made, and the bytes of its answer could not be stored. The message says why. Retry the step if "
        "the call may be repeated."
    ),
    "LOGON_STOPPED": (
        "The last three logons with the credentials of the connection were refused, so no more are tried, because the "
        "system would lock the user. Correct the credentials and save the connection, or test it."
    ),
    "UNSETTLED": (
        "It is unknown whether an earlier attempt took effect, and the call could not find out. Check the other "
        "system, then retry the step or complete it by hand."
    ),
    "SAP_METADATA": (
        "An answer of SAP has a number in a text, and the metadata of the service does not give its type, or cannot be"
        " read. Open `$metadata` for the user of the connection, or set `output` to `raw`."
    ),
    "SECRET_IN_CARD": "The card would show a value that is marked secret.",
    "SECRET_IN_DATASTORE": "The datastore would show a value that is marked secret.",
    "STATUS": "The other system answered with a status that `fail_on` names. `error.status` has it.",
    "STEP_LIMIT": (
        "The execution has visited as many steps as the limit `step_visits` allows. It stops with an incident."
    ),
    "TARGET_DOWN": (
        "The call has waited for a system that is down or in maintenance for as long as `park` of the step allows, and "
        "is not made any more; `retry` does not repeat it. Where `on_unknown` is `retry`, an attempt before the wait, "
        "or one that found the system down in the middle of it, may have been sent and have arrived."
    ),
    "TIMEOUT": (
        "The other system did not answer in time. Retried when the step has a `retry` and `on_unknown` allows it."
    ),
    "TLS_CERTIFICATE": (
        "The certificate of the other system is signed by an authority that is not trusted, is for another host, or "
        "has expired: the message says which. Authorities and names can be set in `tls` of the connection."
    ),
    "TLS_CLIENT_CERTIFICATE": (
        "The other system asks for a client certificate, or refuses the one that it got. Set `tls.certificate` of the "
        "connection, and its secret `client_key`. Nothing was sent."
    ),
    "TLS_HANDSHAKE": (
        "Both sides found no way to encrypt; the message has the reason. Compare versions, ciphers and client "
        "certificates."
    ),
}
