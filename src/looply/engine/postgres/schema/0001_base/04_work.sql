-- Open work. The end of an execution deletes its rows in the same unit, so these tables are small and change often.
--
-- A row that is due is given to one process at a time: `taken` says when, by the clock of the database, and a taker
-- that was not done after a while has lost it. The work of a process is known by its epoch: when its lease is ended,
-- other processes recover the work. No transaction waits for another: rows that are locked are left out.

CREATE TABLE effect(
  execution_id uuid, seq bigint, org integer NOT NULL, queue text NOT NULL, state smallint NOT NULL,
  attempt integer NOT NULL, epoch bigint NOT NULL, offered timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX effect_queued ON effect(offered) WHERE state = 0;
CREATE TABLE timer(
  due_ms bigint, execution_id uuid, seq bigint, kind smallint NOT NULL, taken timestamptz NOT NULL DEFAULT '-infinity',
  epoch bigint NOT NULL DEFAULT 0, PRIMARY KEY (due_ms, execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX timer_of ON timer(execution_id);
CREATE TABLE wait(
  execution_id uuid, seq bigint, step text NOT NULL, sources text NOT NULL, PRIMARY KEY (execution_id, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE incident(
  execution_id uuid, seq bigint, id text NOT NULL, org integer NOT NULL, step text NOT NULL, kind smallint NOT NULL,
  code text NOT NULL, opened_ms bigint NOT NULL, PRIMARY KEY (execution_id, seq)) WITH (fillfactor = 70);
CREATE INDEX incident_org ON incident(org);
CREATE TABLE continuation(
  execution_id uuid PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,           -- of the process that continues it
  taken timestamptz NOT NULL DEFAULT '-infinity') WITH (fillfactor = 70);
CREATE TABLE card(
  id text COLLATE "C" PRIMARY KEY, execution_id uuid NOT NULL, org integer NOT NULL, workflow integer NOT NULL,
  step text NOT NULL, address text NOT NULL, part integer NOT NULL, recipient text COLLATE "C" NOT NULL,
  channel text NOT NULL, revision integer NOT NULL, opened_ms bigint NOT NULL,
  due_ms bigint                              -- when its wait times out
  ) WITH (fillfactor = 70);
CREATE INDEX card_of ON card(execution_id);
CREATE INDEX card_newest ON card(org, opened_ms, id);
CREATE INDEX card_inbox ON card(org, recipient, opened_ms, id);

-- A stretch that was cut belongs to the process that stores the unit.
CREATE FUNCTION put_work(p_id uuid, p_org integer, p_workflow integer, put jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF put ? 'effects' THEN
    INSERT INTO effect(execution_id, seq, org, queue, state, attempt, epoch)
      SELECT p_id, r.seq, p_org, r.queue, r.state, r.attempt, r.epoch FROM jsonb_to_recordset(put->'effects')
        AS r(seq bigint, queue text, state smallint, attempt integer, epoch bigint)
      ON CONFLICT (execution_id, seq) DO UPDATE SET queue = excluded.queue, state = excluded.state,
        attempt = excluded.attempt, epoch = excluded.epoch;
  END IF;
  IF put ? 'timers' THEN
    INSERT INTO timer(due_ms, execution_id, seq, kind)
      SELECT r.due_ms, p_id, r.seq, r.kind FROM jsonb_to_recordset(put->'timers')
        AS r(due_ms bigint, seq bigint, kind smallint)
      ON CONFLICT (due_ms, execution_id, seq) DO UPDATE SET kind = excluded.kind;
  END IF;
  IF put ? 'waits' THEN
    INSERT INTO wait(execution_id, seq, step, sources)
      SELECT p_id, r.seq, r.step, r.sources FROM jsonb_to_recordset(put->'waits')
        AS r(seq bigint, step text, sources text)
      ON CONFLICT (execution_id, seq) DO UPDATE SET step = excluded.step, sources = excluded.sources;
  END IF;
  IF put ? 'incidents' THEN
    INSERT INTO incident(execution_id, seq, id, org, step, kind, code, opened_ms)
      SELECT p_id, r.seq, r.id, p_org, r.step, r.kind, r.code, r.opened_ms FROM jsonb_to_recordset(put->'incidents')
        AS r(seq bigint, id text, step text, kind smallint, code text, opened_ms bigint)
      ON CONFLICT (execution_id, seq) DO UPDATE SET id = excluded.id, step = excluded.step, kind = excluded.kind,
        code = excluded.code, opened_ms = excluded.opened_ms;
  END IF;
  IF put ? 'cards' THEN
    INSERT INTO card(
        id, execution_id, org, workflow, step, address, part, recipient, channel, revision, opened_ms, due_ms)
      SELECT r.id, p_id, p_org, p_workflow, r.step, r.address, r.part, r.recipient, r.channel, r.revision, r.opened_ms,
          r.due_ms
        FROM jsonb_to_recordset(put->'cards') AS r(id text, step text, address text, part integer, recipient text,
          channel text, revision integer, opened_ms bigint, due_ms bigint)
      ON CONFLICT (id) DO UPDATE SET execution_id = excluded.execution_id, org = excluded.org,
        workflow = excluded.workflow, step = excluded.step, address = excluded.address, part = excluded.part,
        recipient = excluded.recipient, channel = excluded.channel, revision = excluded.revision,
        opened_ms = excluded.opened_ms, due_ms = excluded.due_ms;
  END IF;
  IF put ? 'continues' THEN
    INSERT INTO continuation(execution_id, epoch) VALUES (p_id, (put->>'continues')::bigint)
      ON CONFLICT (execution_id) DO UPDATE SET epoch = excluded.epoch, taken = '-infinity';
  END IF;
END $$;

CREATE FUNCTION drop_work(p_id uuid, gone jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF gone ? 'effects' THEN
    DELETE FROM effect t USING jsonb_array_elements(gone->'effects') r
      WHERE t.execution_id = p_id AND t.seq = r.value::bigint;
  END IF;
  IF gone ? 'timers' THEN
    DELETE FROM timer t USING jsonb_to_recordset(gone->'timers') AS r(due_ms bigint, seq bigint)
      WHERE t.execution_id = p_id AND t.due_ms = r.due_ms AND t.seq = r.seq;
  END IF;
  IF gone ? 'waits' THEN
    DELETE FROM wait t USING jsonb_array_elements(gone->'waits') r
      WHERE t.execution_id = p_id AND t.seq = r.value::bigint;
  END IF;
  IF gone ? 'incidents' THEN
    DELETE FROM incident t USING jsonb_array_elements(gone->'incidents') r
      WHERE t.execution_id = p_id AND t.seq = r.value::bigint;
  END IF;
  IF gone ? 'cards' THEN
    DELETE FROM card t USING jsonb_array_elements_text(gone->'cards') r WHERE t.id = r.value;
  END IF;
  IF gone ? 'continues' THEN
    DELETE FROM continuation t WHERE t.execution_id = p_id;
  END IF;
END $$;

-- Marks a queued effect as running; returns whether it was queued.
CREATE FUNCTION mark_running(p_epoch bigint, p_id uuid, p_seq bigint, p_runner bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease(p_epoch);
  UPDATE effect e SET state = 1, epoch = p_runner WHERE e.execution_id = p_id AND e.seq = p_seq AND e.state = 0;
  RETURN FOUND;
END $$;

-- Takes timers that are due. A timer that another process had taken and did not fire is suspect when that process has
-- not renewed its lease.
CREATE FUNCTION take_timers(own bigint, now_ms bigint, life interval, most bigint)
RETURNS SETOF timer LANGUAGE plpgsql AS $$
DECLARE
  free timer[];
BEGIN
  PERFORM hold_lease_to_take(own);
  free := ARRAY(
    SELECT f FROM timer f WHERE f.due_ms <= now_ms AND f.taken < clock_timestamp() - life
      ORDER BY f.due_ms, f.execution_id, f.seq LIMIT most FOR UPDATE SKIP LOCKED);
  PERFORM suspect_taken(ARRAY(
    SELECT f.execution_id FROM unnest(free) f WHERE f.taken > '-infinity' AND is_silent(f.epoch, life)));
  RETURN QUERY
    UPDATE timer t SET taken = clock_timestamp(), epoch = own FROM unnest(free) f
      WHERE t.due_ms = f.due_ms AND t.execution_id = f.execution_id AND t.seq = f.seq RETURNING t.*;
END $$;

-- Takes stretches that were cut and whose process has ended, or has taken one and not moved it for a while.
CREATE FUNCTION take_continuations(own bigint, life interval, most bigint)
RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  RETURN QUERY
    WITH free AS MATERIALIZED (
      SELECT f.execution_id FROM continuation f
        WHERE f.taken < clock_timestamp() - life
          AND (f.taken > '-infinity' OR NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = f.epoch))
        ORDER BY f.execution_id LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE continuation c SET taken = clock_timestamp(), epoch = own FROM free f
      WHERE c.execution_id = f.execution_id RETURNING c.execution_id;
END $$;

-- Takes effects that were offered a while ago and have not begun. While an incident is open no effect begins.
CREATE FUNCTION take_effects(own bigint, life interval, most bigint)
RETURNS SETOF effect LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  RETURN QUERY
    WITH free AS MATERIALIZED (
      SELECT f.execution_id, f.seq FROM effect f WHERE f.state = 0 AND f.offered < clock_timestamp() - life
        AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = f.execution_id)
        ORDER BY f.offered LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE effect e SET offered = clock_timestamp() FROM free f
      WHERE e.execution_id = f.execution_id AND e.seq = f.seq RETURNING e.*;
END $$;
