-- What executions send to each other: written by the unit of the sender, deleted by the unit that applies it to the
-- target, which may be an execution that is still to be started. Its meaning is in the event `seq` of the sender.
CREATE TABLE delivery(
  target uuid, sender uuid, seq bigint, kind smallint NOT NULL, taken timestamptz NOT NULL DEFAULT '-infinity',
  epoch bigint NOT NULL DEFAULT 0, PRIMARY KEY (target, sender, seq))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Executions of workflows with `max_concurrency`: in a slot (`is_held` 1), or queued for one since an instant.
CREATE TABLE concurrency_slot(
  execution_id uuid PRIMARY KEY, workflow integer NOT NULL, seq bigint NOT NULL, since_ms bigint NOT NULL,
  max_concurrency integer NOT NULL, is_held smallint NOT NULL)
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX concurrency_slot_queue ON concurrency_slot(is_held, workflow, since_ms, execution_id);

-- The execution that may take a slot of a workflow now: of those that are queued the one that waits longest, while its
-- `max_concurrency` is not used up. NULL where there is none.
CREATE FUNCTION next_for_slot(p_workflow integer) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT f.execution_id FROM (
      SELECT q.execution_id, q.max_concurrency FROM concurrency_slot q WHERE q.is_held = 0 AND q.workflow = p_workflow
        ORDER BY q.since_ms, q.execution_id LIMIT 1) f
    WHERE (SELECT count(*) FROM concurrency_slot h WHERE h.is_held = 1 AND h.workflow = p_workflow) < f.max_concurrency
$$;

-- Stores the part of a unit that is about other executions, in its transaction, after everything else: the slot last,
-- because units of one workflow wait for each other there, so that each sees what the one before has taken. A unit that
-- repairs rows may also put a row that another execution has sent and that is missing.
CREATE FUNCTION pass_on(p_id uuid, p_workflow integer, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part jsonb;
  p record;
BEGIN
  IF facts ? 'sent' THEN
    INSERT INTO delivery(target, sender, seq, kind)
      SELECT r.target, coalesce(r.sender, p_id), r.seq, r.kind FROM jsonb_to_recordset(facts->'sent')
        AS r(target uuid, sender uuid, seq bigint, kind smallint) ON CONFLICT DO NOTHING;
  END IF;
  IF facts ? 'applied' THEN
    DELETE FROM delivery d USING jsonb_to_recordset(facts->'applied') AS r(target uuid, sender uuid, seq bigint)
      WHERE d.target = r.target AND d.sender = r.sender AND d.seq = r.seq;
  END IF;
  IF facts ? 'drop_slot' THEN
    DELETE FROM concurrency_slot x WHERE x.execution_id = p_id;
  END IF;
  part := facts->'slot';
  IF part IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(1819242611, p_workflow);
    SELECT * INTO p FROM jsonb_to_record(part)
      AS r(seq bigint, since_ms bigint, max_concurrency integer, is_held smallint);
    IF p.is_held = 1 AND p_id IS DISTINCT FROM next_for_slot(p_workflow) THEN
      RAISE EXCEPTION 'it is not the turn of the execution' USING ERRCODE = 'LP006';
    END IF;
    INSERT INTO concurrency_slot(execution_id, workflow, seq, since_ms, max_concurrency, is_held)
      VALUES (p_id, p_workflow, p.seq, p.since_ms, p.max_concurrency, p.is_held)
      ON CONFLICT (execution_id) DO UPDATE SET workflow = excluded.workflow, seq = excluded.seq,
        since_ms = excluded.since_ms, max_concurrency = excluded.max_concurrency, is_held = excluded.is_held;
  END IF;
END $$;

-- Removes rows that move nothing any more.
CREATE FUNCTION drop_deliveries(own bigint, gone jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease(own);
  DELETE FROM delivery d USING jsonb_to_recordset(gone) AS r(target uuid, sender uuid, seq bigint)
    WHERE d.target = r.target AND d.sender = r.sender AND d.seq = r.seq;
END $$;

-- Takes rows that no process applies at the moment; of the rows from one execution to another one only the first. A row
-- that another process had taken and did not apply is suspect when that process has not renewed its lease.
CREATE FUNCTION take_deliveries(own bigint, life interval, most bigint)
RETURNS SETOF delivery LANGUAGE plpgsql AS $$
DECLARE
  free delivery[];
BEGIN
  PERFORM hold_lease_to_take(own);
  free := ARRAY(
    SELECT f FROM delivery f WHERE f.taken < clock_timestamp() - life AND NOT EXISTS (
        SELECT 1 FROM delivery b WHERE b.target = f.target AND b.sender = f.sender AND b.seq < f.seq)
      ORDER BY f.target, f.sender LIMIT most FOR UPDATE SKIP LOCKED);
  PERFORM suspect_taken(ARRAY(
    SELECT f.target FROM unnest(free) f WHERE f.taken > '-infinity' AND is_silent(f.epoch, life)));
  RETURN QUERY
    UPDATE delivery d SET taken = clock_timestamp(), epoch = own FROM unnest(free) f
      WHERE d.target = f.target AND d.sender = f.sender AND d.seq = f.seq RETURNING d.*;
END $$;
