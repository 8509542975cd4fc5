-- Several processes on one store. A row that is due is given to one of them at a time: `taken` says when, by the
-- clock of the database, and a taker that was not done after a while has lost it. What a process was at is known by
-- its epoch: when its lease is ended, others take it up. Nobody waits for anybody: rows that are locked are left out.
ALTER TABLE timer ADD COLUMN taken timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE schedule ADD COLUMN taken timestamptz NOT NULL DEFAULT '-infinity',
  ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE continuation ADD COLUMN epoch bigint NOT NULL DEFAULT 0,  -- of the process that goes on with it
  ADD COLUMN taken timestamptz NOT NULL DEFAULT '-infinity';
-- Since when a process is heard of without a gap: only who was there all the time can say that another one was not.
ALTER TABLE lease ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE effect ADD COLUMN offered timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX effect_queued ON effect(offered) WHERE state = 0;

-- What is taken and not done is taken again: nobody has to wait until the disk knows of it.
CREATE FUNCTION hold_lease_to_take(own bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease(own);
  PERFORM set_config('synchronous_commit', 'off', true);
END $$;

CREATE FUNCTION take_timers(own bigint, now_ms bigint, life interval, most bigint)
RETURNS SETOF timer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  RETURN QUERY
    WITH free AS MATERIALIZED (
      SELECT f.due_ms, f.execution_id, f.seq FROM timer f
        WHERE f.due_ms <= now_ms AND f.taken < clock_timestamp() - life
        ORDER BY f.due_ms, f.execution_id, f.seq LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE timer t SET taken = clock_timestamp(), epoch = own FROM free f
      WHERE t.due_ms = f.due_ms AND t.execution_id = f.execution_id AND t.seq = f.seq RETURNING t.*;
END $$;

CREATE FUNCTION take_schedules(own bigint, now_ms bigint, life interval, most bigint)
RETURNS SETOF schedule LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  RETURN QUERY
    WITH free AS MATERIALIZED (
      SELECT f.workflow FROM schedule f
        WHERE f.status = 1 AND f.next_ms IS NOT NULL AND f.next_ms <= now_ms AND f.taken < clock_timestamp() - life
        ORDER BY f.next_ms LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE schedule s SET taken = clock_timestamp(), epoch = own FROM free f
      WHERE s.workflow = f.workflow RETURNING s.*;
END $$;

-- Refuses a firing by a process whose schedule another one has taken meanwhile, which has looked anew at what runs.
CREATE FUNCTION hold_schedule(own bigint, p_workflow integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE taker bigint;
BEGIN
  SELECT s.epoch INTO taker FROM schedule s WHERE s.workflow = p_workflow FOR UPDATE;
  IF taker NOT IN (0, own) THEN
    RAISE EXCEPTION 'the schedule was taken by epoch %', taker USING ERRCODE = 'LP004';
  END IF;
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

-- Takes effects that were offered a while ago and that nobody has begun. While an incident is open nobody begins any.
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

-- What processes were at that have ended: their calls, their cut stretches, and the timers that they were firing.
CREATE VIEW abandoned AS
  SELECT e.execution_id, e.epoch FROM effect e WHERE e.state = 1
    AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = e.epoch)
  UNION SELECT c.execution_id, c.epoch FROM continuation c
    WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = c.epoch)
  UNION SELECT t.execution_id, t.epoch FROM timer t
    WHERE t.taken > '-infinity' AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch);

-- Says that a process is alive; returns whether it still may write.
CREATE FUNCTION renew_lease(own bigint, life interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE lease l SET since = CASE WHEN l.seen < clock_timestamp() - life THEN clock_timestamp() ELSE l.since END,
    seen = clock_timestamp() WHERE l.epoch = own;
  RETURN FOUND;
END $$;

-- Ends the leases of others that ran out, after what they are writing, and counts a load of what they were at. After a
-- time in which nobody could be heard, such as one without the database, everybody gets their chance first. Returns
-- of all that is abandoned what was loaded more than `most` times, and how many leases it has ended.
CREATE FUNCTION end_lost(own bigint, life interval, most bigint, OUT ended bigint[], OUT poisoned uuid[])
LANGUAGE plpgsql AS $$
BEGIN
  ended := ARRAY(
    SELECT l.epoch FROM lease l WHERE l.epoch <> own AND l.seen < clock_timestamp() - life
      AND EXISTS (SELECT 1 FROM lease o WHERE o.epoch = own
        AND o.since < clock_timestamp() - life AND o.seen > clock_timestamp() - life));
  IF cardinality(ended) > 0 THEN
    PERFORM pg_advisory_xact_lock(1819242608, e::integer) FROM unnest(ended) e ORDER BY e;
    -- Another one may have ended it meanwhile, and its process may have been heard of again.
    WITH gone AS (
      DELETE FROM lease l WHERE l.epoch = ANY (ended) AND l.seen < clock_timestamp() - life RETURNING l.epoch)
    SELECT coalesce(array_agg(g.epoch), '{}') INTO ended FROM gone g;
    UPDATE execution x SET loads = x.loads + 1
      WHERE x.id IN (SELECT a.execution_id FROM abandoned a WHERE a.epoch = ANY (ended));
  END IF;
  poisoned := ARRAY(
    SELECT x.id FROM execution x
      WHERE x.loads > most AND x.id IN (SELECT a.execution_id FROM abandoned a) ORDER BY x.id);
END $$;

-- As before, but that it gives the schedule back.
CREATE OR REPLACE FUNCTION take_fire(p_workflow integer, p_nominal_ms bigint, p_next_ms bigint, p_execution uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO fire(workflow, nominal_ms, execution_id) VALUES (p_workflow, p_nominal_ms, p_execution)
    ON CONFLICT DO NOTHING;
  IF FOUND THEN
    UPDATE schedule s SET next_ms = p_next_ms,
        last_ms = CASE WHEN p_execution IS NULL THEN s.last_ms ELSE p_nominal_ms END,
        last_execution = coalesce(p_execution, s.last_execution), taken = '-infinity', epoch = 0
      WHERE s.workflow = p_workflow AND s.status = 1 AND s.next_ms <= p_nominal_ms;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RAISE EXCEPTION 'the schedule does not wait for this instant' USING ERRCODE = 'LP004';
END $$;

-- As before, but that a stretch which was cut belongs to the process that stores the unit.
CREATE OR REPLACE FUNCTION put_work(p_id uuid, p_org integer, p_workflow integer, put jsonb)
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
    INSERT INTO card(id, execution_id, org, workflow, step, address, part, recipient, channel, revision, opened_ms)
      SELECT r.id, p_id, p_org, p_workflow, r.step, r.address, r.part, r.recipient, r.channel, r.revision, r.opened_ms
        FROM jsonb_to_recordset(put->'cards') AS r(id text, step text, address text, part integer, recipient text,
          channel text, revision integer, opened_ms bigint)
      ON CONFLICT (id) DO UPDATE SET execution_id = excluded.execution_id, org = excluded.org,
        workflow = excluded.workflow, step = excluded.step, address = excluded.address, part = excluded.part,
        recipient = excluded.recipient, channel = excluded.channel, revision = excluded.revision,
        opened_ms = excluded.opened_ms;
  END IF;
  IF put ? 'continues' THEN
    INSERT INTO continuation(execution_id, epoch) VALUES (p_id, (put->>'continues')::bigint)
      ON CONFLICT (execution_id) DO UPDATE SET epoch = excluded.epoch, taken = '-infinity';
  END IF;
END $$;
