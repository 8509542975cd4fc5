-- What finds executions beside their ids: the values of search fields, the ends of process ids, where they stand.

CREATE TABLE search_field(
  org integer, value text COLLATE "C", execution_id uuid, name text COLLATE "C",
  PRIMARY KEY (org, value, execution_id, name)) WITH (fillfactor = 70);
CREATE INDEX search_field_of ON search_field(execution_id);

-- A process id from its end on: so an ending is a beginning.
CREATE INDEX execution_ending ON execution(org, (reverse(process_id)) COLLATE "C", id) WHERE process_id IS NOT NULL;
CREATE INDEX execution_state ON execution(org, state COLLATE "C", id) WHERE status <> 3;

-- The order in which streams of events read: all that is below the oldest open transaction is complete.
CREATE INDEX batch_order ON batch(tx, n);

-- Puts the values of an execution's search fields in place of all former ones.
CREATE FUNCTION put_search(p_org integer, p_id uuid, names text[], texts text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM search_field s WHERE s.execution_id = p_id;
  INSERT INTO search_field(org, value, execution_id, name)
    SELECT p_org, r.value, p_id, r.name FROM unnest(names, texts) AS r(name, value);
END $$;
