-- The journal of executions and everything that must change in the same transaction: the tables of the embedded store.
-- Instants are milliseconds since 1970 (UTC); small numbers of `name` stand for organizations, workspaces, workflows.
-- Words are compared byte by byte (collation "C"), whatever the language of the database.

CREATE TABLE name(n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE);
CREATE TABLE dictionary(n integer PRIMARY KEY, bytes bytea NOT NULL);  -- never deleted: rows name them
CREATE TABLE definition(
  hash text COLLATE "C" PRIMARY KEY, workflow_id text NOT NULL, version integer NOT NULL, body bytea NOT NULL);

-- A process that works on the store has a row here as long as it may. Who ends it deletes it, holding its lock.
CREATE SEQUENCE epoch;
CREATE TABLE lease(epoch bigint PRIMARY KEY, seen timestamptz NOT NULL DEFAULT clock_timestamp()) WITH (fillfactor = 50);

-- created_on is the first 48 bits of the id: newest first is id descending, a span of time is a span of ids, and so a
-- month is a partition. `add_month` makes the partitions of the four tables that grow, before their first row comes.
CREATE TABLE execution(
  id uuid PRIMARY KEY, org integer NOT NULL, workspace integer NOT NULL, workflow integer NOT NULL,
  version integer NOT NULL, status smallint NOT NULL, state text NOT NULL, trigger smallint NOT NULL,
  process_id text COLLATE "C",               -- NULL: the id itself
  profile text NOT NULL, parent text NOT NULL, seq bigint NOT NULL, loads integer NOT NULL DEFAULT 0,
  bytes bigint NOT NULL, modified_ms bigint NOT NULL, modified_by text NOT NULL) PARTITION BY RANGE (id);
CREATE INDEX execution_org ON execution(org, id);
CREATE INDEX execution_workflow ON execution(workflow, id);
CREATE INDEX execution_process ON execution(org, process_id, id) WHERE process_id IS NOT NULL;
CREATE INDEX execution_status ON execution(org, status, id) WHERE status <> 3;  -- all but COMPLETED

-- n is the order in which batches were written, tx their transaction: what is below the oldest open one is complete.
-- `epoch` is that of the process that wrote the batch: whose connection broke finds its own unit by it.
CREATE SEQUENCE batch_n;
CREATE TABLE batch(
  execution_id uuid NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL, at_ms bigint NOT NULL,
  n bigint NOT NULL DEFAULT nextval('batch_n'), tx xid8 NOT NULL DEFAULT pg_current_xact_id(), epoch bigint NOT NULL,
  codec integer NOT NULL, chain bytea NOT NULL, events bytea NOT NULL,
  PRIMARY KEY (execution_id, last_seq)) PARTITION BY RANGE (execution_id);
CREATE TABLE snapshot(
  execution_id uuid PRIMARY KEY, seq bigint NOT NULL, fold integer NOT NULL, codec integer NOT NULL,
  state bytea NOT NULL) PARTITION BY RANGE (execution_id);
CREATE TABLE value_use(
  execution_id uuid, hash bytea, org integer NOT NULL,
  seq bigint NOT NULL,                       -- the last event that needs it: those before a snapshot are not loaded
  PRIMARY KEY (execution_id, hash)) PARTITION BY RANGE (execution_id);
CREATE TABLE value(
  org integer, hash bytea, codec integer NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (org, hash));

-- Compressed already: kept as it is, and read in parts.
ALTER TABLE batch ALTER COLUMN events SET STORAGE EXTERNAL;
ALTER TABLE snapshot ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE value ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE claim(
  workflow integer, process_id text COLLATE "C", org integer NOT NULL, execution_id uuid NOT NULL,
  request bytea NOT NULL, PRIMARY KEY (workflow, process_id)) WITH (fillfactor = 70);
CREATE INDEX claim_org ON claim(org, process_id);
CREATE INDEX claim_of ON claim(execution_id);
CREATE TABLE idempotency(
  org integer, key text COLLATE "C", request bytea NOT NULL, execution_id uuid NOT NULL, expires_ms bigint NOT NULL,
  PRIMARY KEY (org, key)) WITH (fillfactor = 70);

-- What is open. An end deletes its rows in the same unit, so these tables are small and change all the time.
CREATE TABLE effect(
  execution_id uuid, seq bigint, org integer NOT NULL, queue text NOT NULL, state smallint NOT NULL,
  attempt integer NOT NULL, epoch bigint NOT NULL, PRIMARY KEY (execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE timer(
  due_ms bigint, execution_id uuid, seq bigint, kind smallint NOT NULL, PRIMARY KEY (due_ms, execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX timer_of ON timer(execution_id);
CREATE TABLE wait(
  execution_id uuid, seq bigint, step text NOT NULL, sources text NOT NULL, PRIMARY KEY (execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE incident(
  execution_id uuid, seq bigint, id text NOT NULL, org integer NOT NULL, step text NOT NULL, kind smallint NOT NULL,
  code text NOT NULL, opened_ms bigint NOT NULL, PRIMARY KEY (execution_id, seq)) WITH (fillfactor = 70);
CREATE TABLE continuation(execution_id uuid PRIMARY KEY) WITH (fillfactor = 70);
CREATE TABLE card(
  id text COLLATE "C" PRIMARY KEY, execution_id uuid NOT NULL, org integer NOT NULL, workflow integer NOT NULL,
  step text NOT NULL, address text NOT NULL, part integer NOT NULL, recipient text COLLATE "C" NOT NULL,
  channel text NOT NULL, revision integer NOT NULL, opened_ms bigint NOT NULL) WITH (fillfactor = 70);
CREATE INDEX card_of ON card(execution_id);
CREATE INDEX card_newest ON card(org, opened_ms, id);
CREATE INDEX card_inbox ON card(org, recipient, opened_ms, id);

CREATE TABLE schedule(
  workflow integer PRIMARY KEY, org integer NOT NULL, workspace integer NOT NULL, version integer NOT NULL,
  definition text COLLATE "C" NOT NULL, status smallint NOT NULL, anchor_ms bigint NOT NULL, next_ms bigint,
  last_ms bigint, last_execution uuid) WITH (fillfactor = 70);
CREATE INDEX schedule_org ON schedule(org);
CREATE INDEX schedule_due ON schedule(next_ms) WHERE status = 1 AND next_ms IS NOT NULL;
CREATE TABLE fire(
  workflow integer, nominal_ms bigint,
  execution_id uuid,                         -- NULL: left out by the overlap rule
  PRIMARY KEY (workflow, nominal_ms));

-- The columns that lists show, with names in place of their numbers.
CREATE VIEW head AS
  SELECT e.id,
    (SELECT n.id FROM name n WHERE n.n = e.org) AS organization_id,
    (SELECT n.id FROM name n WHERE n.n = e.workspace) AS workspace_id,
    (SELECT n.id FROM name n WHERE n.n = e.workflow) AS workflow_id,
    e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.parent, e.seq, e.modified_ms, e.modified_by
  FROM execution e;
