-- The auditor goes round for all processes that share the store. Which of them it is stands beside its right to write,
-- and ends with it.
ALTER TABLE lease ADD COLUMN audits boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX lease_audits ON lease(audits) WHERE audits;

-- Takes the duty if nobody has it. Returns whether it is the asker's.
CREATE FUNCTION take_audit(own bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE has_it boolean;
BEGIN
  SELECT l.audits INTO has_it FROM lease l WHERE l.epoch = own;
  IF coalesce(has_it, false) THEN RETURN true; END IF;
  PERFORM hold_lease(own);
  IF EXISTS (SELECT 1 FROM lease l WHERE l.audits) THEN RETURN false; END IF;
  UPDATE lease l SET audits = true WHERE l.epoch = own;
  RETURN true;
EXCEPTION WHEN unique_violation THEN
  RETURN false;  -- somebody was faster
END $$;

-- As before; a unit that mends may also put a row that another execution has sent and that went missing.
CREATE OR REPLACE FUNCTION pass_on(p_id uuid, p_workflow integer, facts jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
  IF facts ? 'drop_place' THEN
    DELETE FROM place x WHERE x.execution_id = p_id;
  END IF;
  part := facts->'place';
  IF part IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(1819242611, p_workflow);
    SELECT * INTO p FROM jsonb_to_record(part) AS r(seq bigint, since_ms bigint, most integer, held smallint);
    IF p.held = 1 AND (
      (SELECT count(*) FROM place h WHERE h.held = 1 AND h.workflow = p_workflow) >= p.most
      OR p_id IS DISTINCT FROM (SELECT f.execution_id FROM place f WHERE f.held = 0 AND f.workflow = p_workflow
        ORDER BY f.since_ms, f.execution_id LIMIT 1)) THEN
      RAISE EXCEPTION 'it is not the turn of the execution' USING ERRCODE = 'LP006';
    END IF;
    INSERT INTO place(execution_id, workflow, seq, since_ms, most, held)
      VALUES (p_id, p_workflow, p.seq, p.since_ms, p.most, p.held)
      ON CONFLICT (execution_id) DO UPDATE SET workflow = excluded.workflow, seq = excluded.seq,
        since_ms = excluded.since_ms, most = excluded.most, held = excluded.held;
  END IF;
END $$;
