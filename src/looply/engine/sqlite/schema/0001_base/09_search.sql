-- The values of search fields, which find executions beside their ids.
CREATE TABLE search_field(
  org INT, value TEXT, execution_id BLOB, name TEXT, PRIMARY KEY(org, value, execution_id, name)) STRICT, WITHOUT ROWID;
CREATE INDEX search_field_of ON search_field(execution_id);
