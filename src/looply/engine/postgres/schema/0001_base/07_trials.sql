-- Executions that may have crashed a process. `crash_count` is 0 for an execution above suspicion, 1 for one that a
-- process worked on when it ended, and rises with each trial that begins: work on it runs alone, and the process that
-- survives the trial records so. A trial that has not ended belongs to a live process, or shows that a process has ended at it.
CREATE TABLE trial(execution_id uuid PRIMARY KEY, epoch bigint NOT NULL);

CREATE FUNCTION is_tried(p_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM trial t JOIN lease l ON l.epoch = t.epoch WHERE t.execution_id = p_id)
$$;

-- Begins a trial, or takes over that of a process that has ended; false when a live process tries the execution, and
-- when it is not stored.
CREATE FUNCTION begin_trial(own bigint, p_id uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  IF NOT EXISTS (SELECT 1 FROM execution x WHERE x.id = p_id) THEN RETURN false; END IF;
  INSERT INTO trial AS t(execution_id, epoch) VALUES (p_id, own)
    ON CONFLICT (execution_id) DO UPDATE SET epoch = own
      WHERE t.epoch = own OR NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch);
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE execution x SET crash_count = x.crash_count + 1 WHERE x.id = p_id;
  RETURN true;
END $$;

CREATE FUNCTION end_trial(own bigint, p_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  DELETE FROM trial t WHERE t.execution_id = p_id AND t.epoch = own;
  IF FOUND THEN
    UPDATE execution x SET crash_count = 0 WHERE x.id = p_id AND x.crash_count > 0;
  END IF;
END $$;

-- Makes suspects of executions taken by a process that has not renewed its lease, but for those that are being moved.
CREATE FUNCTION suspect_taken(left_over uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(left_over) > 0 THEN
    WITH still AS MATERIALIZED (
      SELECT x.id FROM execution x WHERE x.id = ANY (left_over) AND x.crash_count = 0 FOR UPDATE SKIP LOCKED)
    UPDATE execution x SET crash_count = 1 FROM still s WHERE x.id = s.id;
  END IF;
END $$;

-- The work of processes that have ended: their calls, their cut stretches, the timers that they were firing, and the
-- executions to which they were applying a delivery.
CREATE VIEW abandoned AS
  SELECT e.execution_id, e.epoch FROM effect e WHERE e.state = 1
    AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = e.epoch)
  UNION SELECT c.execution_id, c.epoch FROM continuation c
    WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = c.epoch)
  UNION SELECT t.execution_id, t.epoch FROM timer t
    WHERE t.taken > '-infinity' AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch)
  UNION SELECT d.target, d.epoch FROM delivery d
    WHERE d.taken > '-infinity' AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = d.epoch);

-- Of each workflow with queued executions the one whose turn is next.
CREATE VIEW first_in_queue AS
  SELECT DISTINCT ON (p.workflow) p.execution_id FROM concurrency_slot p WHERE p.is_held = 0
    ORDER BY p.workflow, p.since_ms, p.execution_id;

-- Ends the leases of others that ran out, after what they are writing. After a time in which no process could renew,
-- such as one without the database, every process gets its chance first. The work of an ended process, and what it may
-- have admitted, is suspect. Returns the leases that it has ended, and of all abandoned executions those that were tried
-- more than `most` times.
CREATE FUNCTION end_lost(own bigint, life interval, most bigint, OUT ended bigint[], OUT poisoned uuid[])
LANGUAGE plpgsql AS $$
BEGIN
  ended := ARRAY(
    SELECT l.epoch FROM lease l WHERE l.epoch <> own AND l.seen < clock_timestamp() - life
      AND EXISTS (SELECT 1 FROM lease o WHERE o.epoch = own
        AND o.since < clock_timestamp() - life AND o.seen > clock_timestamp() - life));
  IF cardinality(ended) > 0 THEN
    PERFORM pg_advisory_xact_lock(1819242608, e::integer) FROM unnest(ended) e ORDER BY e;
    -- Another one may have ended it by then, and its process may have renewed its lease again.
    WITH gone AS (
      DELETE FROM lease l WHERE l.epoch = ANY (ended) AND l.seen < clock_timestamp() - life RETURNING l.epoch)
    SELECT coalesce(array_agg(g.epoch), '{}') INTO ended FROM gone g;
    UPDATE execution x SET crash_count = 1
      WHERE x.crash_count = 0 AND x.id = ANY (ARRAY(
        SELECT a.execution_id FROM abandoned a WHERE a.epoch = ANY (ended)
        UNION SELECT f.execution_id FROM first_in_queue f WHERE cardinality(ended) > 0));
    -- What another process has continued since is no suspect any more.
    DELETE FROM trial t WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = t.epoch)
      AND NOT EXISTS (SELECT 1 FROM execution x WHERE x.id = t.execution_id AND x.crash_count > 0);
  END IF;
  poisoned := ARRAY(
    SELECT x.id FROM execution x
      WHERE x.crash_count > most AND NOT is_tried(x.id) AND x.id = ANY (ARRAY(
        SELECT a.execution_id FROM abandoned a UNION SELECT f.execution_id FROM first_in_queue f)) ORDER BY x.id);
END $$;
