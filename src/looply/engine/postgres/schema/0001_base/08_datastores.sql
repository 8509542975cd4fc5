-- Datastores: named JSON documents of organizations. A step's change of one is in the transaction of the step's outcome.
CREATE TABLE datastore(
  org integer, name text COLLATE "C", revision bigint NOT NULL,
  body bytea NOT NULL,                       -- JSON text
  digest bytea NOT NULL,                     -- over all other columns, with the organization's id in place of its number
  created_ms bigint NOT NULL, modified_ms bigint NOT NULL, modified_by text NOT NULL, PRIMARY KEY (org, name))
  WITH (fillfactor = 70);

-- The highest revision of an organization's deleted datastores: a new one begins above it, so that none is used twice.
CREATE TABLE datastore_floor(org integer PRIMARY KEY, revision bigint NOT NULL) WITH (fillfactor = 70);

-- Applies a change that counts only while `p_expected` is the revision (0: there is none); without a body the datastore
-- is deleted. A transaction that creates one waits for others of the organization that do, so that their number is
-- certain. A deletion at the same time shows after the insertion, which waits for it.
CREATE FUNCTION put_datastore(
  p_org integer, p_name text, p_expected bigint, p_revision bigint, p_body bytea, p_digest bytea, p_created_ms bigint,
  p_modified_ms bigint, p_modified_by text, p_most bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_body IS NULL THEN
    DELETE FROM datastore d WHERE d.org = p_org AND d.name = p_name AND d.revision = p_expected;
  ELSIF p_expected > 0 THEN
    UPDATE datastore d SET revision = p_revision, body = p_body, digest = p_digest, modified_ms = p_modified_ms,
        modified_by = p_modified_by
      WHERE d.org = p_org AND d.name = p_name AND d.revision = p_expected;
  ELSE
    PERFORM pg_advisory_xact_lock(1819242610, p_org);
    INSERT INTO datastore(org, name, revision, body, digest, created_ms, modified_ms, modified_by)
      VALUES (p_org, p_name, p_revision, p_body, p_digest, p_created_ms, p_modified_ms, p_modified_by)
      ON CONFLICT DO NOTHING;
  END IF;
  IF NOT FOUND
    OR (p_expected = 0 AND EXISTS (SELECT 1 FROM datastore_floor f WHERE f.org = p_org AND f.revision >= p_revision)) THEN
    RAISE EXCEPTION 'the datastore is not at revision %', p_expected USING ERRCODE = 'LP010';
  END IF;
  IF p_body IS NULL THEN
    INSERT INTO datastore_floor AS f (org, revision) VALUES (p_org, p_revision)
      ON CONFLICT (org) DO UPDATE SET revision = greatest(f.revision, excluded.revision);
  ELSIF p_expected = 0 AND (SELECT count(*) FROM datastore d WHERE d.org = p_org) > p_most THEN
    RAISE EXCEPTION 'the organization has % datastores', p_most USING ERRCODE = 'LP011';
  END IF;
END $$;
