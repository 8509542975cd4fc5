-- The executions that one execution started, newest first.
CREATE INDEX execution_parent ON execution(org, parent COLLATE "C", id) WHERE parent <> '';
