-- Executions that may have brought a process down. `loads` is 0 for what is above suspicion, 1 for one that a process
-- was at when it ended, and rises with each trial that was begun: it is worked on alone, and whoever outlives that says
-- so. A trial that has not ended belongs to a process that lives, or means that one has ended at this execution.
CREATE TABLE trial(execution_id uuid PRIMARY KEY, epoch bigint NOT NULL);

CREATE FUNCTION is_tried(p_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM trial t JOIN lease l ON l.epoch = t.epoch WHERE t.execution_id = p_id)
$$;

-- Begins a trial, or takes over that of a process that has ended; false when one that lives tries the execution, and
-- when it is not stored.
CREATE FUNCTION begin_trial(own bigint, p_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  IF NOT EXISTS (SELECT 1 FROM execution x WHERE x.id = p_id) THEN RETURN false; END IF;
  INSERT INTO trial AS t(execution_id, epoch) VALUES (p_id, own)
    ON CONFLICT (execution_id) DO UPDATE SET epoch = own
      WHERE t.epoch = own OR NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch);
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE execution x SET loads = x.loads + 1 WHERE x.id = p_id;
  RETURN true;
END $$;

CREATE FUNCTION end_trial(own bigint, p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  DELETE FROM trial t WHERE t.execution_id = p_id AND t.epoch = own;
  IF FOUND THEN
    UPDATE execution x SET loads = 0 WHERE x.id = p_id AND x.loads > 0;
  END IF;
END $$;

-- Of each workflow with a line the execution whose turn is next.
CREATE VIEW first_in_line AS
  SELECT DISTINCT ON (p.workflow) p.execution_id FROM place p WHERE p.held = 0
    ORDER BY p.workflow, p.since_ms, p.execution_id;

-- Whether a process has not been heard of for a while; it may have ended.
CREATE FUNCTION is_silent(p_epoch bigint, life interval) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = p_epoch AND l.seen > clock_timestamp() - life)
$$;

-- Makes suspects of executions that a process had taken which fell silent. One that is being moved meanwhile is none.
CREATE FUNCTION suspect_taken(left_over uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(left_over) > 0 THEN
    WITH still AS MATERIALIZED (
      SELECT x.id FROM execution x WHERE x.id = ANY (left_over) AND x.loads = 0 FOR UPDATE SKIP LOCKED)
    UPDATE execution x SET loads = 1 FROM still s WHERE x.id = s.id;
  END IF;
END $$;

-- As before; what another process had taken and did not do is suspect when that one fell silent.
CREATE OR REPLACE FUNCTION take_timers(own bigint, now_ms bigint, life interval, most bigint)
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

CREATE OR REPLACE FUNCTION take_deliveries(own bigint, life interval, most bigint)
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

-- As before, but that what an ended process was at, and what it may have admitted, is suspect; only trials count.
CREATE OR REPLACE FUNCTION end_lost(own bigint, life interval, most bigint, OUT ended bigint[], OUT poisoned uuid[])
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
    UPDATE execution x SET loads = 1
      WHERE x.loads = 0 AND x.id = ANY (ARRAY(
        SELECT a.execution_id FROM abandoned a WHERE a.epoch = ANY (ended)
        UNION SELECT f.execution_id FROM first_in_line f WHERE cardinality(ended) > 0));
    -- What somebody else has moved since is no suspect any more.
    DELETE FROM trial t WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch)
      AND NOT EXISTS (SELECT 1 FROM execution x WHERE x.id = t.execution_id AND x.loads > 0);
  END IF;
  poisoned := ARRAY(
    SELECT x.id FROM execution x
      WHERE x.loads > most AND NOT is_tried(x.id) AND x.id = ANY (ARRAY(
        SELECT a.execution_id FROM abandoned a UNION SELECT f.execution_id FROM first_in_line f)) ORDER BY x.id);
END $$;
