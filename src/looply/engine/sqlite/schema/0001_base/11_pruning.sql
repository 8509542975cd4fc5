-- When an ended execution may go whose workflow says how long it is kept; of others the installation says it.
CREATE TABLE expiry(execution_id BLOB PRIMARY KEY, due_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX expiry_due ON expiry(due_ms, execution_id);

-- The last position of an organization's pruned batches: a stream that resumes before it would miss some of them.
CREATE TABLE pruned(org INTEGER PRIMARY KEY, tx INTEGER NOT NULL, n INTEGER NOT NULL) STRICT;
