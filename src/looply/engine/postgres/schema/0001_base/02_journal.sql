-- The journal of executions: the tables of the embedded store. Instants are milliseconds since 1970 (UTC); small
-- numbers of `name` represent organizations, workspaces, workflows. Texts are compared byte by byte (collation "C"),
-- whatever the language of the database.

CREATE TABLE name(n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE dictionary(n integer PRIMARY KEY, bytes bytea NOT NULL);  -- never deleted: rows name them
CREATE TABLE definition(
  hash text COLLATE "C" PRIMARY KEY, workflow_id text NOT NULL, version integer NOT NULL, body bytea NOT NULL);

-- created_on is the first 48 bits of the id: newest first is id descending, a span of time is a span of ids, and so a
-- month is a partition. `add_month` makes the partitions of the four tables that grow, before their first row comes.
CREATE TABLE execution(
  id uuid PRIMARY KEY, org integer NOT NULL, workspace integer NOT NULL, workflow integer NOT NULL,
  version integer NOT NULL, status smallint NOT NULL, state text NOT NULL, trigger smallint NOT NULL,
  process_id text COLLATE "C",               -- NULL: the id itself
  profile text NOT NULL, parent text NOT NULL, seq bigint NOT NULL, crash_count integer NOT NULL DEFAULT 0,
  bytes bigint NOT NULL, modified_ms bigint NOT NULL, modified_by text NOT NULL) PARTITION BY RANGE (id);
CREATE INDEX execution_org ON execution(org, id);
CREATE INDEX execution_workflow ON execution(workflow, id);
CREATE INDEX execution_process ON execution(org, process_id, id) WHERE process_id IS NOT NULL;
CREATE INDEX execution_status ON execution(org, status, id) WHERE status <> 3;  -- all but COMPLETED
CREATE INDEX execution_state ON execution(org, state COLLATE "C", id) WHERE status <> 3;
-- A process id from its end on: so an ending is a beginning.
CREATE INDEX execution_ending ON execution(org, (reverse(process_id)) COLLATE "C", id) WHERE process_id IS NOT NULL;
-- The executions that one execution started, newest first.
CREATE INDEX execution_parent ON execution(org, parent COLLATE "C", id) WHERE parent <> '';

-- n is the order in which batches were written, tx their transaction: all below the oldest open one are complete.
-- `epoch` is that of the process that wrote the batch: a process whose connection broke finds its own unit by it.
CREATE SEQUENCE batch_n;
CREATE TABLE batch(
  execution_id uuid NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL, at_ms bigint NOT NULL,
  n bigint NOT NULL DEFAULT nextval('batch_n'), tx xid8 NOT NULL DEFAULT pg_current_xact_id(), epoch bigint NOT NULL,
  codec integer NOT NULL, chain bytea NOT NULL, events bytea NOT NULL,
  PRIMARY KEY (execution_id, last_seq)) PARTITION BY RANGE (execution_id);
-- The order in which streams of events read: all below the oldest open transaction are complete.
CREATE INDEX batch_order ON batch(tx, n);
CREATE TABLE snapshot(
  execution_id uuid PRIMARY KEY, seq bigint NOT NULL, fold integer NOT NULL, codec integer NOT NULL,
  state bytea NOT NULL) PARTITION BY RANGE (execution_id);
CREATE TABLE value_use(
  execution_id uuid, hash bytea, org integer NOT NULL,
  seq bigint NOT NULL,                       -- the last event that needs it: those before a snapshot are not loaded
  PRIMARY KEY (execution_id, hash)) PARTITION BY RANGE (execution_id);
-- The executions that still use a value.
CREATE INDEX value_use_of ON value_use(org, hash);
CREATE TABLE value(
  org integer, hash bytea, codec integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (org, hash));

-- Compressed already: kept as it is, and read in parts.
ALTER TABLE batch ALTER COLUMN events SET STORAGE EXTERNAL;
ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE value ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- The columns that lists show, with names in place of their numbers.
CREATE VIEW head AS
  SELECT e.id,
    (SELECT n.id FROM name n WHERE n.n = e.org) AS organization_id,
    (SELECT n.id FROM name n WHERE n.n = e.workspace) AS workspace_id,
    (SELECT n.id FROM name n WHERE n.n = e.workflow) AS workflow_id,
    e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.parent, e.seq, e.modified_ms, e.modified_by
  FROM execution e;

-- Returns the numbers of names, giving them one if need be.
CREATE FUNCTION number_names(names text[]) RETURNS TABLE(id text, n integer) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO name(id)
    SELECT w FROM unnest(names) w WHERE NOT EXISTS (SELECT 1 FROM name k WHERE k.id = w) ORDER BY w
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT k.id, k.n FROM name k WHERE k.id = ANY (names);
END $$;

-- Makes the partitions of one month: those with ids from `low` on, below `high`.
CREATE FUNCTION add_month(suffix text, low uuid, high uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(1819242609, 0);
  FOREACH parent IN ARRAY ARRAY['execution', 'batch', 'snapshot', 'value_use'] LOOP
    part := parent || '_' || suffix;
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)'
      ' WITH (fillfactor = %s)', part, parent, CASE parent WHEN 'execution' THEN 70 ELSE 100 END);
    -- Other than a partition made in place, one that is attached does not hold up those who read and write.
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
  END LOOP;
END $$;

-- Drops the partitions of a month in which nothing is stored any more; returns whether it did. It does not wait for
-- transactions that read or write them, so that no transaction has to wait for it.
CREATE FUNCTION drop_month(own bigint, suffix text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  is_filled boolean;
BEGIN
  PERFORM hold_lease(own);
  PERFORM set_config('lock_timeout', '200ms', true);
  PERFORM pg_advisory_xact_lock(1819242609, 0);
  LOCK TABLE execution, batch, value_use, snapshot IN ACCESS EXCLUSIVE MODE;
  FOREACH parent IN ARRAY ARRAY['execution', 'batch', 'snapshot', 'value_use'] LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', parent || '_' || suffix) INTO is_filled;
    IF is_filled THEN
      RETURN false;
    END IF;
  END LOOP;
  FOREACH parent IN ARRAY ARRAY['execution', 'batch', 'snapshot', 'value_use'] LOOP
    EXECUTE format('DROP TABLE %I', parent || '_' || suffix);
  END LOOP;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

-- Held by units that bring large values: the removal of unused values waits for them, and they for it.
CREATE FUNCTION hold_values() RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock_shared(1819242610, 0);
$$;
