-- What finds executions beside their ids: the values of search fields, the ends of process ids, where they stand.

CREATE TABLE search_field(
  org INT, value TEXT, execution_id BLOB, name TEXT, PRIMARY KEY(org, value, execution_id, name)) STRICT, WITHOUT ROWID;
CREATE INDEX search_field_of ON search_field(execution_id);

ALTER TABLE execution ADD COLUMN reversed TEXT;  -- the process id from its end on, so that an ending is a beginning
UPDATE execution SET reversed = (
  WITH RECURSIVE letters(place, text) AS (
    SELECT length(process_id), '' UNION ALL SELECT place - 1, text || substr(process_id, place, 1) FROM letters
      WHERE place > 0)
  SELECT text FROM letters WHERE place = 0) WHERE process_id IS NOT NULL;
CREATE INDEX execution_ending ON execution(org, reversed, id) WHERE reversed IS NOT NULL;
CREATE INDEX execution_state ON execution(org, state, id) WHERE status <> 3;
