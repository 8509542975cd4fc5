-- When an ended execution may go whose workflow says how long it is kept; of others the installation says it.
CREATE TABLE expiry(execution_id uuid PRIMARY KEY, due_ms bigint NOT NULL) WITH (fillfactor = 70);
CREATE INDEX expiry_due ON expiry(due_ms, execution_id);

-- The last position of an organization's pruned batches: a stream that resumes before it would miss some of them.
CREATE TABLE pruned(org integer PRIMARY KEY, tx bigint NOT NULL, n bigint NOT NULL) WITH (fillfactor = 70);

CREATE FUNCTION put_expiry(p_id uuid, p_due_ms bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO expiry(execution_id, due_ms) VALUES (p_id, p_due_ms)
    ON CONFLICT (execution_id) DO UPDATE SET due_ms = excluded.due_ms;
$$;

-- Removes executions that have not moved since they were found to be expired. Returns how many, NULL while another
-- process prunes. Their ids lie close together, and only the months from the lowest to the highest one are looked at.
CREATE FUNCTION prune_executions(own bigint, p_ids uuid[], p_seqs bigint[], p_fires_before_ms bigint)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  low uuid := (SELECT w FROM unnest(p_ids) w ORDER BY w LIMIT 1);
  high uuid := (SELECT w FROM unnest(p_ids) w ORDER BY w DESC LIMIT 1);
  gone uuid[] := '{}';
  orgs integer[];
  hashes bytea[];
  scheduled integer[];
BEGIN
  PERFORM hold_lease(own);
  IF NOT pg_try_advisory_xact_lock(1819242611, 0) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT 1 FROM value_use u WHERE u.execution_id = ANY (p_ids) AND u.execution_id BETWEEN low AND high) THEN
    -- Before any row, as units do, so that no two transactions wait for each other.
    PERFORM pg_advisory_xact_lock(1819242610, 0);
  END IF;
  FOR i IN 1..cardinality(p_ids) LOOP
    PERFORM 1 FROM execution e WHERE e.id = p_ids[i] AND e.seq = p_seqs[i] FOR UPDATE;
    IF FOUND THEN
      gone := gone || p_ids[i];
    END IF;
  END LOOP;

  INSERT INTO pruned AS p (org, tx, n)
    SELECT DISTINCT ON (e.org) e.org, b.tx::text::bigint, b.n FROM execution e JOIN batch b ON b.execution_id = e.id
      WHERE e.id = ANY (gone) AND e.id BETWEEN low AND high AND b.execution_id BETWEEN low AND high
      ORDER BY e.org, b.tx DESC, b.n DESC
    ON CONFLICT (org) DO UPDATE SET tx = excluded.tx, n = excluded.n WHERE (p.tx, p.n) < (excluded.tx, excluded.n);
  scheduled := ARRAY(
    SELECT DISTINCT e.workflow FROM execution e
      WHERE e.id = ANY (gone) AND e.id BETWEEN low AND high AND e.trigger = 2);
  UPDATE schedule s SET last_execution = NULL WHERE s.workflow = ANY (scheduled) AND s.last_execution = ANY (gone);
  UPDATE fire f SET execution_id = NULL WHERE f.workflow = ANY (scheduled) AND f.execution_id = ANY (gone);
  -- Outcomes 4 and 5 wait, or tell that something was missed.
  DELETE FROM fire f WHERE f.workflow = ANY (scheduled) AND f.nominal_ms < p_fires_before_ms
    AND f.execution_id IS NULL AND f.outcome NOT IN (4, 5);

  SELECT array_agg(u.org), array_agg(u.hash) INTO orgs, hashes FROM (
    SELECT DISTINCT r.org, r.hash FROM value_use r
      WHERE r.execution_id = ANY (gone) AND r.execution_id BETWEEN low AND high) u;
  DELETE FROM value_use u WHERE u.execution_id = ANY (gone) AND u.execution_id BETWEEN low AND high;
  DELETE FROM value v USING unnest(orgs, hashes) AS w(org, hash) WHERE v.org = w.org AND v.hash = w.hash
    AND NOT EXISTS (SELECT 1 FROM value_use u WHERE u.org = v.org AND u.hash = v.hash);

  -- Of an execution that has ended there is none of these, unless something is damaged.
  DELETE FROM effect t WHERE t.execution_id = ANY (gone);
  DELETE FROM timer t WHERE t.execution_id = ANY (gone);
  DELETE FROM wait t WHERE t.execution_id = ANY (gone);
  DELETE FROM continuation t WHERE t.execution_id = ANY (gone);
  DELETE FROM concurrency_slot t WHERE t.execution_id = ANY (gone);
  DELETE FROM card t WHERE t.execution_id = ANY (gone);
  DELETE FROM claim t WHERE t.execution_id = ANY (gone);

  DELETE FROM batch b WHERE b.execution_id = ANY (gone) AND b.execution_id BETWEEN low AND high;
  DELETE FROM snapshot s WHERE s.execution_id = ANY (gone) AND s.execution_id BETWEEN low AND high;
  DELETE FROM search_field s WHERE s.execution_id = ANY (gone);
  DELETE FROM idempotency k WHERE k.execution_id = ANY (gone);
  DELETE FROM letter l WHERE l.execution_id = ANY (gone);
  DELETE FROM card_copy c WHERE c.execution_id = ANY (gone);
  DELETE FROM expiry x WHERE x.execution_id = ANY (gone);
  DELETE FROM trial t WHERE t.execution_id = ANY (gone);
  DELETE FROM execution e WHERE e.id = ANY (gone) AND e.id BETWEEN low AND high;
  RETURN cardinality(gone);
END $$;
