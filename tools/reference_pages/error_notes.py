"""What each error code means and what to do about it: the one text of `errors.md` that the code cannot tell.

The place decides under which heading a code stands. A test holds that these are exactly the codes of the source.
"""

from typing import Final, Literal, TypeAlias

Place: TypeAlias = Literal["call", "state", "definition", "step", "server", "command", "inside"]

PLACES: Final[dict[Place, tuple[str, str]]] = {
    "call": ("The call", "The call itself is wrong or too much. Nothing was done."),
    "state": (
        "The object and its state",
        "The call is well formed, and what it is about does not allow it. Nothing was done.",
    ),
    "definition": ("Definitions and expressions", "What an author wrote is not acceptable."),
    "step": (
        "Failures of steps",
        (
            "These stand in `STEP_FAILED` entries, in `workflow_incidents` and in `error.code` of the data "
            "document. A step with an edge from its exit `error` goes on there; without one the execution "
            "stops with an incident."
        ),
    ),
    "server": ("The server", "The server cannot do its work. Each answer says whether something was done."),
    "command": ("The command line", "Commands end with status 1, or 2 for wrong usage."),
    "inside": (
        "Inside the engine",
        "Callers do not meet these: the engine deals with them. They are listed because they can stand in a log line.",
    ),
}

NOTES: Final[dict[str, tuple[Place, str]]] = {
    "ALREADY_INITIALIZED": ("command", "The data folder has an organization already. Use it, or name another folder."),
    "ALREADY_MOVED": (
        "command",
        ("The folder was moved to a database before; the message says when and where, and how to move it again."),
    ),
    "AMBIGUOUS": (
        "state",
        (
            "Several open executions have the process id, or several waits are open. `workflow_ids` or "
            "`states` of the answer are the choices: repeat with `?workflow_id=`, `?state=` or the wait token."
        ),
    ),
    "AUTH_FAILED": ("step", "The other system refused the credentials. Check the connection."),
    "BACKUP_EXISTS": ("command", "The backup's target exists. Name a new one; nothing is overwritten."),
    "BAD_BODY": ("call", "The body does not have the shape of the call. `errors[0].path` points at the value."),
    "BAD_CURSOR": ("call", "The fields of `lastKey` came back incomplete or changed. Send all of them, as they were."),
    "BAD_FILTER": (
        "call",
        "A filter of the search has a value that it cannot have. The message lists the allowed ones.",
    ),
    "BAD_FLAG": ("call", "A parameter must be `true` or `false`."),
    "BAD_HEADER": ("call", "A header was given twice, is empty, too long or not printable."),
    "BAD_INPUT": (
        "step",
        "The step's own input cannot be sent or used. The message says which field; nothing was sent.",
    ),
    "BAD_LIMIT": ("call", "`limit` must be a positive integer; 30 is the most that a page holds."),
    "BAD_NUMBER": ("call", "A version or another number must be a positive integer."),
    "BAD_PAYLOAD": (
        "call",
        "`payload` of a resume or terminate is missing or wrong; `payload.source` must be `SAP` or `TEAMS`.",
    ),
    "BAD_PROCESS_ID": (
        "call",
        "A process id has 1 to 128 printable characters without `/`, no space at either end, and is not `.` or `..`.",
    ),
    "BAD_REASON": ("call", "A dead letter is `UNFIT` or `UNUSED`."),
    "BAD_REQUEST": ("call", "The call is malformed."),
    "BAD_RESPONSE": (
        "step",
        "The other system's answer cannot be read, for example because its compression is broken.",
    ),
    "BAD_TIME": ("call", "Times are epoch milliseconds."),
    "BAD_WAIT": ("call", "`wait` takes an ISO 8601 duration of at most `PT60S`, such as `PT10S`."),
    "BODY_TOO_LARGE": ("call", "The body is over the limit `body_bytes`."),
    "BULK_NOT_FOUND": ("state", "The bulk does not exist, or belongs to another organization."),
    "BULK_TERMINATES": (
        "step",
        (
            "A bulk is terminating executions of the workflow that a `subworkflow` step starts. "
            "Retry the step after its end."
        ),
    ),
    "CALENDAR": ("step", "The calendar of an approval cannot be read; the message names the place in it."),
    "CANNOT_REASSIGN": (
        "state",
        "The card cannot go to this person: they asked for the approval, have decided already, or have a card of it.",
    ),
    "CARD_CHANGED": ("state", "The card has changed since it was shown; nothing was recorded. Look at it again."),
    "CARD_NOT_FOUND": ("state", "The card, or the card that an inbox token names, does not exist."),
    "CHILD_FAILED": (
        "step",
        "The execution that a `subworkflow` step waited for ended as failed by its `terminate` step, for this reason.",
    ),
    "CHILD_RATE": (
        "step",
        (
            "`subworkflow` steps of the organization start more executions than the limit `child_starts` allows in "
            "this minute and in the next one: a start is delayed by a minute at most."
        ),
    ),
    "CHILD_TERMINATED": ("step", "Somebody terminated the execution that a `subworkflow` step waited for."),
    "CLAIM_TAKEN": (
        "inside",
        "An open execution has the process id; the caller is given that execution, or `PROCESS_ID_IN_USE`.",
    ),
    "CLOSED": (
        "state",
        "The card takes no more answers: it timed out, was deleted or passed on, or its execution has ended.",
    ),
    "COMPLETED": ("state", "The execution has completed; there is nothing to resume or to terminate."),
    "CONFLICT": (
        "state",
        (
            "The object is in a state that does not allow the call. Of a datastore, also as failure of a step: it has "
            "another revision than `if_revision`. Read it again, then decide again."
        ),
    ),
    "CONNECTION": (
        "step",
        "The other system could not be reached, or the connection broke. Retried when the step has a `retry`.",
    ),
    "CONNECTION_EXISTS": ("state", "Another connection has the name."),
    "CONNECTION_NOT_FOUND": ("state", "No connection has this name. Create it, or mend the step's `connection`."),
    "CONNECTOR": ("command", "An installed connector cannot be used; the message names its package."),
    "CONNECTOR_DEFECT": (
        "step",
        "An operation broke in a way that it should not. The log line with the execution's id has the details.",
    ),
    "CREDENTIAL_BOUND": (
        "step",
        "The call opened a connection and then tried to reach a host that the connection does not name.",
    ),
    "DATASTORES_FULL": (
        "state",
        (
            "The organization has as many datastores as the limit `datastores` allows, also as failure of a step. "
            "Delete one, keep several values in one document, or raise the limit."
        ),
    ),
    "DATASTORE_MOVED": (
        "inside",
        "A datastore has changed since an operation was computed on it; the operation is computed again.",
    ),
    "DATASTORE_NOT_FOUND": ("state", "The organization has no datastore of that name."),
    "DATA_FOLDER_IN_USE": (
        "command",
        "Another process owns the data folder. Stop it, or use its API. `serve` ends with 75.",
    ),
    "DEPTH_LIMIT": (
        "step",
        "As many executions as the limit `child_depth` allows have called each other: a workflow that calls itself?",
    ),
    "DOCUMENT_TOO_LARGE": (
        "step",
        (
            "The data document would grow over the limit `document_bytes`, of which a list or an object counts 16 "
            "bytes at least. Keep less in outputs, or raise the limit."
        ),
    ),
    "DUPLICATE_PARAMETER": ("call", "A query parameter came twice."),
    "EGRESS_DENIED": (
        "step",
        "The destination does not exist, or is not public and the setting `egress_allow` does not list it.",
    ),
    "ENGINE": ("server", "The engine could not do what was asked."),
    "ERROR": ("command", "The server's answer had no code of its own."),
    "EVENTS_PRUNED": (
        "state",
        (
            "Executions with events behind the cursor of a stream have been pruned: something would be missing. "
            "Begin without a cursor, and read what is there."
        ),
    ),
    "EXECUTION_NOT_FOUND": ("state", "No execution of the organization has this id or process id."),
    "EXECUTION_TIMEOUT": ("step", "`workflow_settings.timeout` is over. The incident is of kind `TIMEOUT`."),
    "EXPRESSION": (
        "definition",
        "An expression cannot be evaluated on this data. The message names field, expression and position.",
    ),
    "EXPRESSION_LIMIT": (
        "definition",
        "An expression asks for more work or makes a larger value than the limits allow.",
    ),
    "EXPRESSION_SYNTAX": ("definition", "An expression does not parse. The message names the position."),
    "FAILED": ("state", "The execution has failed and can only be repaired, rerun or terminated."),
    "FIRE_TAKEN": ("inside", "A schedule has fired for this instant already; it never fires twice."),
    "FOLDER_MOVED": (
        "command",
        ("The folder was moved to a database, and goes on there. The message says how to undo that."),
    ),
    "FOLDER_NOT_EMPTY": ("command", "The folder must be a new or an empty one. Nothing was written."),
    "FORBIDDEN": ("call", "The key is missing, unknown, revoked or expired. The body never says which."),
    "FUNCTION_CRASHED": (
        "step",
        (
            "The process that ran the code died, and so did the one that ran it again. Look for what kills "
            "processes on the machine, such as a lack of memory."
        ),
    ),
    "FUNCTION_FAILED": (
        "step",
        "The code raised an exception that it did not catch. The message has the line and what it said.",
    ),
    "FUNCTION_MEMORY": (
        "step",
        "The code took more memory than the limit `function_memory`. Work on less at once, or raise the limit.",
    ),
    "FUNCTION_RESULT": (
        "step",
        "What the code returns is no JSON, nested too deeply or too large. The message says where in the result.",
    ),
    "FUNCTION_SYNTAX": ("step", "The code cannot be read. The message has the line."),
    "FUNCTION_TIME": (
        "step",
        "The code did not end within the limit `function_time_seconds`: look for a loop without end, or raise it.",
    ),
    "HEADERS_TOO_LARGE": ("call", "The head of the request is over the setting `header_bytes`."),
    "ILLEGAL_TRANSITION": (
        "inside",
        "An event cannot follow the state. `looply doctor` finds stored histories that have one.",
    ),
    "INCORRECT_BULK_ID": ("call", "The id of the bulk is not a UUID."),
    "INCORRECT_CARD_ID": ("call", "A card id is a UUID."),
    "INCORRECT_EXECUTION_ID": ("call", "An execution id is a UUID."),
    "INCORRECT_KEY_ID": ("call", "A key id is a UUID; it is not the key's text."),
    "INCORRECT_WORKFLOW_ID": ("call", "A workflow id is a UUID."),
    "INTERNAL": ("server", "A defect of Looply. The log line with the `request_id` has the details; please report it."),
    "INVALID_CONNECTION": ("state", "The connection does not fit its kind. `errors` lists every field that is wrong."),
    "INVALID_CRON": ("definition", "Not a cron expression, or one that never comes; the message names the field."),
    "INVALID_DEFINITION": (
        "definition",
        "The definition has problems. `errors` lists all of them, each with a JSON Pointer. Nothing was stored.",
    ),
    "INVALID_DURATION": ("definition", "Not an ISO 8601 duration such as `PT2H` or `P3D`."),
    "INVALID_INSTANT": ("definition", "Not an RFC 3339 time such as `2026-03-01T09:00:00Z`."),
    "INVALID_KEY": ("call", "The new key's scopes, expiry or workflows are not acceptable."),
    "INVALID_KIND": ("call", "`kind` is not the name of a kind of connection."),
    "INVALID_NAME": ("call", "The name is empty, too long, or has characters that a name cannot have."),
    "INVALID_SECRET": ("call", "A secret must be a text, or null to remove it."),
    "INVALID_ZONE": ("definition", "Not an IANA time zone such as `Europe/Dublin`."),
    "KEY_CHANGED": ("command", "The master key was rotated while the backup was made. Make the backup again."),
    "KEY_IN_SETTING": (
        "command",
        "The master key comes from `LOOPLY_ENCRYPTION_KEY`, which no command changes. The message says what to set.",
    ),
    "KEY_IN_USE": (
        "command",
        "Data keys are still wrapped with the master key that is to be retired. Activate the new one again.",
    ),
    "KEY_MISSING": (
        "command",
        (
            "There is no master key of the stored secrets. Put it back or name it by `--key-file` (restore), or set"
            " `LOOPLY_ENCRYPTION_KEY`. Nothing was changed."
        ),
    ),
    "KEY_NOT_ACTIVE": ("command", "A master key was distributed and is not active yet. Activate it first."),
    "KEY_NOT_FOUND": ("state", "The organization has no key of this id."),
    "KEY_NOT_TAKEN": (
        "command",
        "The running server has not taken up the key file. Its log says why (`key_watch_failed`). Do the step again.",
    ),
    "KEY_REUSED": ("state", "The `Idempotency-Key` was used for another request. Use a new key for a new request."),
    "KEY_TAKEN": (
        "inside",
        "The idempotency key is stored already; the caller is given that execution, or `KEY_REUSED`.",
    ),
    "KEY_WRONG": (
        "command",
        "The master key is not the one of the store. Put the right one back; nothing was changed.",
    ),
    "LETTER_NOT_FOUND": ("state", "The organization has no dead letter of this id."),
    "LETTER_SETTLED": ("state", "Somebody has settled the dead letter otherwise. The message tells who and when."),
    "LIMIT": (
        "step",
        (
            "A limit is reached: recipients, open waits or a size. The message names it. `putDatastore` answers so for "
            "a document that is too large."
        ),
    ),
    "JOIN_NOT_MET": (
        "step",
        "So many branches ended without arriving at the `join` that it can no longer be met.",
    ),
    "LOOP_LIMIT": ("step", "A `redirect` has sent the execution back as often as its `max_visits` allows."),
    "MAIL_REFUSED": (
        "step",
        "The mail server refused the mail, its sender or all its recipients (5xx). The message says why.",
    ),
    "MAIL_UNSUPPORTED": (
        "step",
        "The mail server lacks what the connection asks for, such as STARTTLS. Check `tls` and `user`.",
    ),
    "MALFORMED_HTTP": ("call", "The request is not valid HTTP."),
    "MALFORMED_JSON": (
        "call",
        "The body is not strict JSON: duplicate names, NaN, numbers or nesting over the limits.",
    ),
    "MALFORMED_QUERY": ("call", "The query string is not UTF-8, has a character 0, or too many parameters."),
    "METHOD_NOT_ALLOWED": ("call", "The path exists with another method; `Allow` names it."),
    "MISSING_PARAMETER": ("call", "A query parameter that must be there is missing."),
    "MOVE_UNFINISHED": (
        "command",
        ("The database is half filled. Repeat `looply db move`, which begins anew, or drop its schemas."),
    ),
    "NOT_AN_OBJECT": ("call", "A value must be a JSON object."),
    "NOT_FOUND": ("call", "The path, or the object, does not exist, or belongs to another organization."),
    "NOT_NEWEST": ("state", "Only the newest ACTIVE version has a schedule."),
    "NOT_READY": ("server", "The server does not take calls yet, or not any more. Repeat after `Retry-After`."),
    "NOT_RUNNABLE": (
        "state",
        "The version is an incomplete draft or names a card that is gone. `errors` says what to mend.",
    ),
    "NOT_WAITING": ("state", "The execution does not wait, or the token names no wait that could be released."),
    "NO_ACTIVE_VERSION": ("state", "The workflow has drafts only. Activate one, or name a version."),
    "NO_BACKUP": ("command", "The folder is no backup that `looply db backup` has made."),
    "NO_INCIDENT": (
        "state",
        "The execution has no such open incident: nothing has failed, or somebody else has decided. Look at its log.",
    ),
    "NO_LETTER": ("state", "The event is no dead letter."),
    "NO_ORGANIZATION": ("command", "The data folder has no organization. `looply init` makes one."),
    "NO_SCHEDULE": ("state", "The workflow is started by calls; there is nothing to pause."),
    "NO_APPROVER": ("step", "An approval has nobody to ask, or fewer people than its `quorum`."),
    "NO_CHANNEL": (
        "inside",
        "A card belongs to a channel that this process does not have; it is shown by another one.",
    ),
    "NO_STORE": ("command", "The folder holds no store. `looply init` makes one."),
    "OPERATION_FAILED": ("step", "A call to another system failed."),
    "OPERATION_NOT_INSTALLED": (
        "step",
        (
            "The process that makes the call has no connector with this operation. Install it in every process that "
            "makes calls, restart them, then retry the step."
        ),
    ),
    "ORGANIZATION_NOT_FOUND": ("state", "The organization does not exist."),
    "OUTCOME_UNKNOWN": (
        "server",
        (
            "The store failed while committing: the call may have been done. Repeat it with the same key, "
            "process id or wait, which is safe. In a log or an incident: nobody can tell whether the call to "
            "the other system got through."
        ),
    ),
    "OVERRIDE_NEEDED": (
        "state",
        (
            "The call would decide about an approval, or leave one out, without an answer of its approver. "
            "It takes a key with the scope `override`, and a reason."
        ),
    ),
    "OVERLOADED": ("server", "A queue is full. Nothing was done; repeat after `Retry-After`."),
    "PARENT_TERMINATED": ("step", "The execution was terminated before the one that its step starts was started."),
    "PAYLOAD_REFUSED": (
        "state",
        (
            "The payload does not fit the schema of the trigger or of the wait, or is too large for the execution. "
            "`errors` says where."
        ),
    ),
    "PEER_FAILED": (
        "command",
        "Microsoft's packages do not run under the Node that is installed; nothing was compared.",
    ),
    "POISONED": (
        "step",
        "The process ended several times in the midst of this execution or its call; it is set aside with an incident.",
    ),
    "PROCESS_ID_IN_USE": (
        "state",
        "An open execution has the process id and was started by another call. Wait for its end, or use another id.",
    ),
    "PROCESS_ID_IS_EXECUTION": ("call", "The process id equals the id of an existing execution."),
    "PROFILE_EXISTS": ("state", "The workflow has a profile of that name."),
    "PROFILE_IS_DEFAULT": (
        "state",
        "The default profile cannot be deleted while there are others. Make another one the default first.",
    ),
    "PROFILE_NOT_FOUND": ("state", "The workflow has no profile of that name."),
    "PRUNING": ("command", "Another process prunes the database at the moment. It does what is to be done."),
    "QUOTA": (
        "state",
        (
            "The organization has as much as a limit allows, which the message names: triggers in a minute "
            "(`triggers`), executions that run or wait (`open_executions`), or bytes in the store (`stored_bytes`). "
            "For `triggers` repeat after `Retry-After`; for the others first make room, or have the limit raised. At "
            "a `subworkflow` step: the execution was not started; retry its incident when there is room."
        ),
    ),
    "RATE_LIMITED": (
        "server",
        (
            "Too many calls of your address came without a valid key or token within a minute "
            "(`refusals_per_minute`); one with a valid one is answered all the same. At a step: the other system "
            "answered 429; the call is retried when the step has a `retry`, not before its `Retry-After`."
        ),
    ),
    "RAW_COPY": (
        "command",
        (
            "The folder is a copy of the files of a running server, which need not be consistent. Use `looply "
            "db backup`."
        ),
    ),
    "REDIRECT_REFUSED": ("step", "A redirect leads where the call must not go, or there are too many."),
    "REFUSED": ("call", "The call is well formed, and its content is not acceptable."),
    "REJECTED": ("step", "The other system understood the call and refused it."),
    "REPAIR_REFUSED": (
        "state",
        "What was given does not fit the execution or the version to go on with. `errors` says where, and the mend.",
    ),
    "REQUEST_TIMEOUT": ("call", "The request did not arrive in time."),
    "RESPONSE_TOO_LARGE": (
        "step",
        "The answer is over `response_bytes` or `json_nodes`, or in very many pieces. Ask for less, as by `$select`.",
    ),
    "SCHEMA_MISMATCH": ("command", "The store was written by a newer release. `serve` ends with 78; use that release."),
    "SCOPE": ("call", "The key is good and lacks the scope of the call."),
    "SEAL_BROKEN": (
        "server",
        "A stored secret does not open: the encryption key is another one, or the bytes are damaged.",
    ),
    "SEARCH_TOO_WIDE": (
        "call",
        "The search names more than it can compare, or a text has too many `*`. Narrow it.",
    ),
    "SECRETS_NEEDED": (
        "state",
        (
            "The kind of the connection changes, or a setting that decides where or how its secrets are sent: scheme,"
            " host, port, header, `auth`, `allowed_hosts`, `tls`. Enter the secrets again, or remove them with null."
        ),
    ),
    "SECRET_IN_CARD": ("step", "The card would show a value that is marked secret."),
    "SECRET_IN_DATASTORE": ("step", "The datastore would show a value that is marked secret."),
    "SETTINGS": ("command", "Settings are wrong; all problems are listed together."),
    "SHUTTING_DOWN": ("server", "The server is stopping. Nothing was done; repeat after `Retry-After`."),
    "SELF_APPROVAL": ("state", "Who asks for an approval with `self_approval: false` may not decide about it."),
    "SLOT_TAKEN": (
        "inside",
        "It is not the execution's turn to take a slot of its workflow; it stays in line.",
    ),
    "SOURCE_NOT_ACCEPTED": (
        "state",
        "The wait does not take resumes of this `source`; an approval takes none unless its settings say `api: true`.",
    ),
    "DRAFT_OPEN": (
        "state",
        (
            "The newest version is an open draft that holds other content. `workflow_version` and `modified_on` beside "
            "the message name it: read it, and import again with its `modified_on`."
        ),
    ),
    "STALE": ("state", "Somebody changed the object in between. Read it again and repeat with its new `modified_on`."),
    "STATUS": ("step", "The other system answered with a status that `fail_on` names. `error.status` has it."),
    "STEP_ENDED": (
        "state",
        "The step has ended already and cannot be skipped or completed. Move the execution to another step.",
    ),
    "STEP_LIMIT": (
        "step",
        "The execution has visited as many steps as the limit `step_visits` allows. It stops with an incident.",
    ),
    "STILL_OPEN": ("command", "The execution has not ended in the time that the command waits."),
    "STORE_CORRUPT": (
        "server",
        "Stored bytes do not hold together. They are never served. `serve` ends with 65; restore a backup.",
    ),
    "RECORD_DAMAGED": (
        "server",
        (
            "The stored object cannot be read; all others can. `looply doctor` names it. Store it again, delete it, or "
            "restore a backup."
        ),
    ),
    "STORE_FULL": ("server", "The disk is full. Nothing was done; repeat after making space."),
    "STORE_UNAVAILABLE": ("server", "The catalog's database cannot be used. Nothing was done."),
    "STORE_UNREACHABLE": ("server", "The database cannot be reached. Nothing was stored; repeat."),
    "TARGET_EXISTS": ("command", "The folder of the backup exists. Name a new one; nothing is overwritten."),
    "TARGET_NOT_EMPTY": (
        "command",
        ("The database to move to holds something already; the message says what. Name an empty one."),
    ),
    "TERMINATED": ("state", "The execution was terminated."),
    "TIMED_OUT": ("state", "The wait timed out before the resume came."),
    "TIMEOUT": (
        "step",
        "The other system did not answer in time. Retried when the step has a `retry` and `on_unknown` allows it.",
    ),
    "TLS_CERTIFICATE": ("step", "The certificate of the other system is not valid for it."),
    "TOO_MANY_BULKS": ("state", "As many bulks run as may at once. Wait for the end of one, or cancel it."),
    "TOO_MANY_PROFILES": ("state", "The workflow has as many profiles as it can have."),
    "TOO_MANY_STREAMS": (
        "server",
        "As many streams of events are open as one server holds (`limits.streams`). Come back after `Retry-After`.",
    ),
    "UNKNOWN_PARAMETER": ("call", "The call has no query parameter of that name; the message says which was meant."),
    "TOO_MANY_VALUES": ("call", "The body has more values than the limit `body_nodes` allows."),
    "UNREADABLE_FILE": ("command", "The file cannot be read."),
    "UNSTORABLE": ("call", "A value cannot be stored, such as a text with half of a surrogate pair."),
    "UNSUPPORTED_MEDIA_TYPE": ("call", "The body is a form, is not declared as JSON in UTF-8, or is compressed."),
    "UNWRITABLE_FILE": ("command", "The file cannot be written."),
    "USAGE": ("command", "The command line is wrong; `--help` shows how it is used."),
    "WORKFLOW_NOT_FOUND": ("state", "The workflow, or the version, does not exist."),
    "WORKSPACE_NOT_FOUND": ("state", "The organization has no such workspace."),
}
