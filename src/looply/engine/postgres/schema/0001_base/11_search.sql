-- The values of search fields, which find executions beside their ids.
CREATE TABLE search_field(
  org integer, value text COLLATE "C", execution_id uuid, name text COLLATE "C",
  PRIMARY KEY (org, value, execution_id, name)) WITH (fillfactor = 70);
CREATE INDEX search_field_of ON search_field(execution_id);

-- Puts the values of an execution's search fields in place of all former ones.
CREATE FUNCTION put_search(p_org integer, p_id uuid, names text[], texts text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM search_field s WHERE s.execution_id = p_id;
  INSERT INTO search_field(org, value, execution_id, name)
    SELECT p_org, r.value, p_id, r.name FROM unnest(names, texts) AS r(name, value);
END $$;
