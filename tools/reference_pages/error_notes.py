"""The meaning of each error code and its remedy: the only text of `errors.md` that cannot be derived from the code.

The group decides under which heading a code is listed. A test checks that these are exactly the codes of the source.
"""

from typing import Final, Literal, TypeAlias

from reference_pages.card_errors import CARD_ERRORS
from reference_pages.monitoring_errors import MONITORING_ERRORS
from reference_pages.studio_errors import STUDIO_ERRORS
from reference_pages.workflows.step_errors import STEP_ERRORS

Group: TypeAlias = Literal["call", "state", "definition", "step", "server", "command", "inside"]

GROUPS: Final[dict[Group, tuple[str, str]]] = {
    "call": ("The call", "The call itself is wrong or too much. Nothing was done."),
    "state": (
        "The object and its state",
        "The call is well formed, but the state of its object does not allow it. Nothing was done.",
    ),
    "definition": ("Definitions and expressions", "What an author wrote is not acceptable."),
    "step": (
        "Failures of steps",
        (
            "These are in `STEP_FAILED` entries, in `workflow_incidents` and in `error.code` of the data "
            "document. If the step has an edge from its exit `error`, the execution continues there; otherwise it "
            "stops with an incident."
        ),
    ),
    "server": ("The server", "The server cannot process the call. Each answer says whether anything was done."),
    "command": ("The command line", "Commands end with status 1, or 2 for wrong usage."),
    "inside": (
        "Inside the engine",
        "Callers do not see these: the engine handles them. They are listed because they can appear in the log.",
    ),
}

NOTES: Final[dict[str, tuple[Group, str]]] = {
    "ACCOUNT_EXISTS": (
        "call",
        "The address has an account in the installation. Accept the invitation with the password of that account.",
    ),
    "ALREADY_INVITED": (
        "call",
        "The address has an open invitation. Make a new link for that one (`resendInvitation`), or revoke it.",
    ),
    "ALREADY_MEMBER": ("call", "The person is a member, perhaps a deactivated one. Change it (`changeMember`)."),
    "BAD_METADATA": ("state", "The service's `$metadata` cannot be read. The message says why."),
    "BAD_PREFERENCES": ("call", "The preferences are larger than 16 KiB, or `locale` or `time_zone` is no text."),
    "BAD_VIEW": ("call", "The query of the view is longer than 4,000 characters, or has some that no address has."),
    "VIEW_EXISTS": (
        "state",
        "The person has a view of that name for the page. Replace it by its id, or take another.",
    ),
    "VIEW_NOT_FOUND": ("state", "The view does not exist, or is another person's and not shared."),
    "CONFIRM_REQUIRED": (
        "call",
        (
            "A person must enter the password again (`/v2/session/confirm`): the act is dangerous, and the last time "
            "is more than 10 minutes ago."
        ),
    ),
    "NOT_DISCOVERABLE": ("call", "Systems of this kind cannot be asked what they offer."),
    "NOT_DISCOVERED": ("state", "The system did not say what it offers. Name the service, or test the connection."),
    "NOT_TESTABLE": ("call", "Connections of this kind have no test."),
    "BLOB_NOT_FOUND": ("call", "The execution has no blob with this hash."),
    "NO_WORKER": ("state", "No worker that serves the connector took the question in time. Start one, and repeat it."),
    "NO_CALLS": ("state", "The process makes no calls of other systems. Ask a server or a worker that does."),
    "CSRF": (
        "call",
        (
            "A change by the cookie of a session lacks `x-looply-csrf`, is not JSON, or comes from a page of another "
            "site. Reload the page. Programs use API keys."
        ),
    ),
    "FOREIGN_HOST": (
        "call",
        (
            "A session is used under a name that is not the server's. Open the address of `public_url`, or set it; a "
            "proxy must pass the `Host` header."
        ),
    ),
    "INCORRECT_INVITATION_ID": ("call", "The id of the invitation is no UUID."),
    "INCORRECT_MEMBER_ID": ("call", "The id of the member is no UUID."),
    "INCORRECT_ORGANIZATION_ID": ("call", "The id of the organization is no UUID."),
    "INCORRECT_SESSION_ID": ("call", "The id of the session is no UUID."),
    "INCORRECT_USER_ID": ("call", "The id of the user is no UUID."),
    "INCORRECT_VIEW_ID": ("call", "The id of the view is no UUID."),
    "INCORRECT_WORKSPACE_ID": ("call", "The id of the workspace is no UUID."),
    "INSECURE_CONNECTION": (
        "call",
        (
            "People sign in by https, or on the machine of the server. Open the https address; see "
            "[sessions](../how-to/people.md#sessions)."
        ),
    ),
    "INVALID_EMAIL": ("call", "The text is no mail address, or one with a name before it."),
    "INVITATION_NOT_FOUND": (
        "state",
        (
            "The invitation is unknown, was used or revoked, or has expired. Ask the person who sent the link for a "
            "new one."
        ),
    ),
    "INVITATION_OF_ANOTHER": ("call", "The invitation is for another address. Accept it as that person."),
    "LAST_OWNER": (
        "state",
        "The member is the last active owner of the organization. Make another member an owner first.",
    ),
    "MEMBER_ELSEWHERE": (
        "state",
        (
            "The person is a member of other organizations too, so no administrator can make a link for the "
            "password. The operator of the store can: `looply user reset-link`."
        ),
    ),
    "MEMBER_NOT_FOUND": ("state", "The organization has no such member."),
    "PASSWORDS_OFF": ("call", "People of this installation sign in by a provider, not by passwords."),
    "RESET_NOT_FOUND": (
        "state",
        "The link for a new password is unknown, was used, or has expired. Ask an administrator for a new one.",
    ),
    "SECOND_FACTOR_EXISTS": ("state", "The account has a second factor. Remove it first."),
    "SESSION_NOT_FOUND": ("state", "The person has no such session; it may have ended."),
    "SIGN_IN_REFUSED": (
        "call",
        "The sign-in was refused; the answer is the same for every reason. Check address, password and code.",
    ),
    "SIGN_IN_REQUIRED": (
        "call",
        (
            "A call of the web app has no session, or its session has ended. Sign in. `sign_in` of the answer has "
            "the means."
        ),
    ),
    "TOO_MANY_INVITATIONS": ("call", "One call invites 1 to 50 people."),
    "TOO_MANY_TRIES": (
        "call",
        (
            "Too many sign-ins to the account, or from the address, have failed. Repeat after `Retry-After` seconds, "
            "or ask an administrator for a link."
        ),
    ),
    "TOO_MANY_WORKSPACES": ("call", "An organization has 100 workspaces at most."),
    "TWO_CREDENTIALS": ("call", "The call has an API key and a session cookie, or two cookies. Send one."),
    "UNKNOWN_QUESTION": (
        "state",
        "The worker that took the question is of another release. Run the same release on servers and workers.",
    ),
    "UNKNOWN_ROLE": ("call", "There is no such role; the message lists them."),
    "USER_NOT_FOUND": ("state", "There is no such account."),
    "WEAK_PASSWORD": (
        "call",
        "The password is too short or easy to guess; the message says why. Four unrelated words are a good one.",
    ),
    "WORKSPACE_EXISTS": ("call", "The organization has a workspace of that name."),
    "WRONG_CODE": ("call", "The code is not that of the secret at this time. Check the clock of the device."),
    "ALREADY_INITIALIZED": ("command", "The data folder already has an organization. Use it, or name another folder."),
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
    "AMBIGUOUS_NAME": ("command", "Several workflows have the name; the message lists their ids: give one of them."),
    "BACKUP_EXISTS": ("command", "The backup's target exists. Name a new one; nothing is overwritten."),
    "BAD_BODY": ("call", "The body does not have the shape of the call. `errors[0].path` points at the value."),
    "BAD_CURSOR": ("call", "The fields of `lastKey` were sent back incomplete or changed. Send all of them unchanged."),
    "BAD_FILTER": ("call", "A filter of the search has an invalid value. The message lists the valid ones."),
    "BAD_FLAG": ("call", "A parameter must be `true` or `false`."),
    "BAD_HEADER": ("call", "A header was given twice, is empty, too long or not printable."),
    "BAD_LIMIT": ("call", "`limit` must be a positive integer; a page has at most 30 items."),
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
    "BAD_TIME": ("call", "Times are epoch milliseconds."),
    "BAD_WAIT": ("call", "`wait` takes an ISO 8601 duration of at most `PT60S`, such as `PT10S`."),
    "BODY_TOO_LARGE": ("call", "The body is over the limit `body_bytes`."),
    "BULK_NOT_FOUND": ("state", "The bulk does not exist, or belongs to another organization."),
    "CANNOT_REASSIGN": (
        "state",
        "The card cannot go to this person: they requested the approval, have already decided, or have a card of it.",
    ),
    "CARD_CHANGED": ("state", "The card has changed since it was shown; nothing was recorded. Read it again."),
    "CARD_NOT_FOUND": ("state", "The card, or the card that an inbox token names, does not exist."),
    "CLAIM_TAKEN": (
        "inside",
        "An open execution has the process id; the caller gets that execution, or `PROCESS_ID_IN_USE`.",
    ),
    "CLOSED": (
        "state",
        "The card accepts no more answers: it timed out, was deleted or reassigned, or its execution has ended.",
    ),
    "COMPLETED": ("state", "The execution has completed; there is nothing to resume or to terminate."),
    "CONFLICT": (
        "state",
        (
            "The state of the object does not allow the call. For a datastore, also as failure of a step: it has "
            "another revision than `if_revision`. Read it again, then decide again."
        ),
    ),
    "CONNECTION_EXISTS": ("state", "Another connection has the name."),
    "CONNECTION_NOT_FOUND": ("state", "No connection has this name. Create it, or correct the step's `connection`."),
    "CONNECTOR": ("command", "An installed connector cannot be used; the message names its package."),
    "CONTEXTS_FILE": (
        "command",
        "The file of the contexts is open to others, cannot be used, or has something else in it.",
    ),
    "CONTEXT_NOT_FOUND": ("command", "No context has the name; `looply context list` shows those that there are."),
    "DATASTORES_FULL": (
        "state",
        (
            "The organization has as many datastores as the limit `datastores` allows, also as failure of a step. "
            "Delete one, keep several values in one document, or raise the limit."
        ),
    ),
    "DATASTORE_MOVED": (
        "inside",
        "A datastore changed after an operation was computed on it; the operation is computed again.",
    ),
    "DATASTORE_NOT_FOUND": ("state", "The organization has no datastore of that name."),
    "DATA_FOLDER_IN_USE": (
        "command",
        "Another process owns the data folder. Stop it, or use its API. `serve` ends with 75.",
    ),
    "DUPLICATE_PARAMETER": ("call", "A query parameter was given twice."),
    "ENGINE": ("server", "The engine could not process the call."),
    "ERROR": ("command", "The server's answer had no code of its own."),
    "EVENTS_PRUNED": (
        "state",
        (
            "Executions with events after the cursor of a stream have been pruned: events would be missing. "
            "Begin without a cursor, and read the current state."
        ),
    ),
    "EXECUTION_NOT_FOUND": ("state", "No execution of the organization has this id or process id."),
    "EXPRESSION": (
        "definition",
        "An expression cannot be evaluated on this data. The message names field, expression and position.",
    ),
    "EXPRESSION_LIMIT": (
        "definition",
        "An expression needs more work or creates a larger value than the limits allow.",
    ),
    "EXPRESSION_SYNTAX": ("definition", "An expression does not parse. The message names the position."),
    "FAILED": ("state", "The execution has failed and can only be repaired, rerun or terminated."),
    "FIRE_TAKEN": ("inside", "A schedule has already fired for this instant; it never fires twice."),
    "FOLDER_MOVED": (
        "command",
        ("The folder was moved to a database, where the installation continues. The message says how to undo that."),
    ),
    "FOLDER_NOT_EMPTY": ("command", "The folder must be a new or an empty one. Nothing was written."),
    "FORBIDDEN": ("call", "The key is missing, unknown, revoked or expired. The body never says which."),
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
    "INVALID_CONNECTION": ("state", "The connection is invalid for its kind. `errors` lists every wrong field."),
    "INVALID_CRON": ("definition", "Not a cron expression, or one that never matches; the message names the field."),
    "INVALID_DEFINITION": (
        "definition",
        "The definition has problems. `errors` lists all of them, each with a JSON Pointer. Nothing was stored.",
    ),
    "INVALID_DURATION": ("definition", "Not an ISO 8601 duration such as `PT2H` or `P3D`."),
    "INVALID_INSTANT": ("definition", "Not an RFC 3339 time such as `2026-03-01T09:00:00Z`."),
    "INVALID_KEY": ("call", "The new key's scopes, expiry or workflows are not acceptable."),
    "INVALID_KIND": ("call", "`kind` is not the name of a kind of connection."),
    "INVALID_NOTE": ("call", "The note of an activation is too long, or has a character 0."),
    "INVALID_NAME": ("call", "The name is empty, too long, or has characters that a name cannot have."),
    "INVALID_SECRET": ("call", "A secret must be a text, or null to remove it."),
    "INVALID_ZONE": ("definition", "Not an IANA time zone such as `Europe/Dublin`."),
    "KEY_CHANGED": ("command", "The master key was rotated while the backup was made. Make the backup again."),
    "KEY_IN_SETTING": (
        "command",
        "The master key comes from `LOOPLY_ENCRYPTION_KEY`, which no command can change. The message says what to set.",
    ),
    "KEY_IN_USE": ("command", "Data keys are still wrapped with the master key to retire. Activate the new one again."),
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
        "The running server has not applied the key file. Its log says why (`key_watch_failed`). Repeat the step.",
    ),
    "KEY_REUSED": ("state", "The `Idempotency-Key` was used for another request. Use a new key for a new request."),
    "KEY_TAKEN": ("inside", "The idempotency key is already stored; the caller gets that execution, or `KEY_REUSED`."),
    "KEY_WRONG": (
        "command",
        "The master key is not the one of the store. Put the right one back; nothing was changed.",
    ),
    "LETTER_NOT_FOUND": ("state", "The organization has no dead letter of this id."),
    "LETTER_SETTLED": ("state", "The dead letter was already settled with another decision. The message has details."),
    "MALFORMED_HTTP": ("call", "The request is not valid HTTP."),
    "MALFORMED_JSON": (
        "call",
        "The body is not strict JSON: duplicate names, NaN, numbers or nesting over the limits.",
    ),
    "MALFORMED_QUERY": ("call", "The query string is not UTF-8, has a character 0, or too many parameters."),
    "METHOD_NOT_ALLOWED": ("call", "The path exists with another method; `Allow` names it."),
    "MISSING_PARAMETER": ("call", "A required query parameter is missing."),
    "MOVE_UNFINISHED": (
        "command",
        ("The database is only partly filled. Repeat `looply db move`, which starts over, or drop its schemas."),
    ),
    "NOT_AN_OBJECT": ("call", "A value must be a JSON object."),
    "NOT_CONFIRMED": ("command", "The question of the command was not answered with yes; nothing was done."),
    "NOT_FOUND": ("call", "The path, or the object, does not exist, or belongs to another organization."),
    "NOT_NEWEST": ("state", "Only the newest ACTIVE version has a schedule."),
    "NOT_READY": ("server", "The server does not accept calls yet, or not any more. Repeat after `Retry-After`."),
    "NOT_RUNNABLE": (
        "state",
        "The version is an incomplete draft or names a deleted card. `errors` says what to correct.",
    ),
    "NOT_WAITING": ("state", "The execution does not wait, or the token names no wait that can be released."),
    "NO_ACTIVE_VERSION": ("state", "The workflow has drafts only. Activate one, or name a version."),
    "NO_BACKUP": ("command", "The folder is no backup of `looply db backup`."),
    "NO_INCIDENT": (
        "state",
        "The execution has no such open incident: nothing has failed, or the incident is resolved. Check its log.",
    ),
    "NO_LETTER": ("state", "The event is no dead letter."),
    "NO_ORGANIZATION": ("command", "The data folder has no organization. `looply init` creates one."),
    "NO_SCHEDULE": ("state", "The workflow has no schedule; there is nothing to pause."),
    "NO_STORE": ("command", "The folder contains no store. `looply init` creates one."),
    "ORGANIZATION_NOT_FOUND": ("state", "The organization does not exist."),
    "OUTCOME_UNKNOWN": (
        "server",
        (
            "The store failed while committing: the call may have been done. Repeat it with the same key, "
            "process id or wait, which is safe. In a log or an incident: the outcome of the call to "
            "the other system is unknown."
        ),
    ),
    "OVERRIDE_NEEDED": (
        "state",
        (
            "The call would decide about an approval, or skip one, without an answer of its approver. "
            "It needs a key with the scope `override`, and a reason."
        ),
    ),
    "OVERLOADED": ("server", "A queue is full. Nothing was done; repeat after `Retry-After`."),
    "PAYLOAD_REFUSED": (
        "state",
        (
            "The payload violates the schema of the trigger or of the wait, or is too large for the execution. "
            "`errors` says where."
        ),
    ),
    "PEER_FAILED": ("command", "Microsoft's packages do not run under the installed Node; nothing was compared."),
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
    "PRUNING": ("command", "Another process is pruning the database now, and does the same work."),
    "QUOTA": (
        "state",
        (
            "The organization has reached a limit, which the message names: triggers in a minute "
            "(`triggers`), executions that run or wait (`open_executions`), or bytes in the store (`stored_bytes`). "
            "For `triggers` repeat after `Retry-After`; for the others first reduce usage, or have the limit raised. "
            "At a `subworkflow` step: the child was not started; retry the incident when the usage is below the limit."
        ),
    ),
    "RATE_LIMITED": (
        "server",
        (
            "Too many calls of your address came without a valid key or token within a minute "
            "(`refusals_per_minute`); calls with a valid one are still served. At a step: the other system "
            "answered 429; the call is retried when the step has a `retry`, not before its `Retry-After`."
        ),
    ),
    "RAW_COPY": (
        "command",
        ("The folder is a copy of the files of a running server, which may be inconsistent. Use `looply db backup`."),
    ),
    "REFUSED": ("call", "The call is well formed, but its content is not acceptable."),
    "REPAIR_REFUSED": (
        "state",
        "The arguments do not match the execution or the target version. `errors` has the details and corrections.",
    ),
    "REQUEST_TIMEOUT": ("call", "The request did not arrive in time."),
    "SCHEMA_MISMATCH": ("command", "The store was written by a newer release. `serve` ends with 78; use that release."),
    "SCOPE": ("call", "The caller lacks the `permission` of the call; a key bound to workflows may make few calls."),
    "SEAL_BROKEN": (
        "server",
        "A stored secret cannot be opened: the encryption key is wrong, or the bytes are damaged.",
    ),
    "SEARCH_TOO_WIDE": ("call", "The search has too many values to compare, or a text has too many `*`. Narrow it."),
    "SECRETS_NEEDED": (
        "state",
        (
            "The kind of the connection changes, or a setting that decides where or how its secrets are sent: scheme,"
            " host, port, header, `auth`, `allowed_hosts`, `tls`. Enter the secrets again, or remove them with null."
        ),
    ),
    "SETTINGS": ("command", "Settings are wrong; all problems are listed together."),
    "SHUTTING_DOWN": ("server", "The server is stopping. Nothing was done; repeat after `Retry-After`."),
    "ABSENCE_REFUSED": (
        "state",
        "The substitute is the person, or the substitutes lead back to the person; or the span is over or too long.",
    ),
    "DECIDED_ALREADY": ("state", "The person has answered the request already, with another card; each answers once."),
    "SELF_APPROVAL": ("state", "The requester of an approval with `self_approval: false` may not decide about it."),
    "SLOT_TAKEN": ("inside", "The execution cannot take a concurrency slot of its workflow yet; it stays queued."),
    "SOURCE_NOT_ACCEPTED": (
        "state",
        "The wait does not accept resumes of this `source`; an approval accepts none unless it has `api: true`.",
    ),
    "DRAFT_OPEN": (
        "state",
        (
            "The newest version is an open draft with other content. `workflow_version` and `modified_on` beside "
            "the message name it: read it, and import again with its `modified_on`."
        ),
    ),
    "STALE": ("state", "The object was changed in between. Read it again and repeat with its new `modified_on`."),
    "STEP_ENDED": (
        "state",
        "The step has ended already and cannot be skipped or completed. Move the execution to another step.",
    ),
    "STILL_OPEN": ("command", "The execution has not ended within the timeout of the command."),
    "STORE_CORRUPT": (
        "server",
        "Stored bytes are inconsistent. They are never served. `serve` ends with 65; restore a backup.",
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
    "STORE_UNREACHABLE": (
        "server",
        "The database cannot be reached, or another program holds the file locked. Nothing was stored; repeat.",
    ),
    "TARGET_EXISTS": ("command", "The folder of the backup exists. Name a new one; nothing is overwritten."),
    "TARGET_NOT_EMPTY": (
        "command",
        "The target database is not empty; the message lists its contents. Name an empty one.",
    ),
    "TERMINATED": ("state", "The execution was terminated."),
    "TIMED_OUT": ("state", "The wait timed out before the resume arrived."),
    "TOO_MANY_BULKS": ("state", "The maximum number of bulks is running. Wait for the end of one, or cancel it."),
    "TOO_MANY_PROFILES": ("state", "The workflow has the maximum number of profiles."),
    "TOO_MANY_VIEWS": ("state", "The person has, or the organization shares, the maximum number of views of the page."),
    "TOO_MANY_STREAMS": (
        "server",
        "The server has the maximum number of open event streams (`limits.streams`). Reconnect after `Retry-After`.",
    ),
    "UNKNOWN_PARAMETER": ("call", "The call has no such query parameter; the message suggests the intended one."),
    "TOO_MANY_VALUES": ("call", "The body has more values than the limit `body_nodes` allows."),
    "UNREADABLE_FILE": ("command", "The file cannot be read."),
    "UNSTORABLE": ("call", "A value cannot be stored, such as a text with half of a surrogate pair."),
    "UNSUPPORTED_MEDIA_TYPE": ("call", "The body is a form, is not declared as JSON in UTF-8, or is compressed."),
    "UNWRITABLE_FILE": ("command", "The file cannot be written."),
    "USAGE": ("command", "The command line is wrong; `--help` shows how it is used."),
    "TEMPLATE_NOT_FOUND": ("state", "This release has no template with the id; `getTemplates` lists them."),
    "WORKFLOW_NOT_FOUND": ("state", "The workflow, or the version, does not exist."),
    "WORKSPACE_NOT_FOUND": ("state", "The organization has no such workspace."),
    **CARD_ERRORS,
    **MONITORING_ERRORS,
    **STUDIO_ERRORS,
    **{code: ("step", text) for code, text in STEP_ERRORS.items()},
}
