-- Which execution holds a process id, and which idempotency keys are known. Two transactions that need one wait for
-- each other at its row.

CREATE TABLE claim(
  workflow integer, process_id text COLLATE "C", org integer NOT NULL, execution_id uuid NOT NULL,
  request bytea NOT NULL, PRIMARY KEY (workflow, process_id)) WITH (fillfactor = 70);
CREATE INDEX claim_org ON claim(org, process_id);
CREATE INDEX claim_of ON claim(execution_id);

CREATE TABLE idempotency(
  org integer, key text COLLATE "C", request bytea NOT NULL, execution_id uuid NOT NULL, expires_ms bigint NOT NULL,
  PRIMARY KEY (org, key)) WITH (fillfactor = 70);
-- The claims and keys that an execution still has.
CREATE INDEX idempotency_of ON idempotency(execution_id);

CREATE FUNCTION take_key(
  p_org integer, p_key text, p_request bytea, p_execution uuid, p_expires_ms bigint, p_now_ms bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE found_row record;
BEGIN
  FOR i IN 1..10 LOOP
    INSERT INTO idempotency(org, key, request, execution_id, expires_ms)
      VALUES (p_org, p_key, p_request, p_execution, p_expires_ms) ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN; END IF;
    SELECT k.execution_id, k.request, k.expires_ms INTO found_row
      FROM idempotency k WHERE k.org = p_org AND k.key = p_key FOR UPDATE;
    CONTINUE WHEN NOT FOUND;  -- it went in between
    IF found_row.expires_ms > p_now_ms
      OR EXISTS (SELECT 1 FROM execution e WHERE e.id = found_row.execution_id AND e.status IN (1, 2)) THEN
      RAISE EXCEPTION 'the key is stored already' USING ERRCODE = 'LP002',
        DETAIL = found_row.execution_id || ' ' || encode(found_row.request, 'hex');
    END IF;
    UPDATE idempotency k SET request = p_request, execution_id = p_execution, expires_ms = p_expires_ms
      WHERE k.org = p_org AND k.key = p_key;
    RETURN;
  END LOOP;
  RAISE EXCEPTION 'the key comes and goes' USING ERRCODE = '40001';
END $$;

CREATE FUNCTION take_claim(p_workflow integer, p_process_id text, p_org integer, p_execution uuid, p_request bytea)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE holder record;
BEGIN
  FOR i IN 1..10 LOOP
    INSERT INTO claim AS c (workflow, process_id, org, execution_id, request)
      VALUES (p_workflow, p_process_id, p_org, p_execution, p_request)
      ON CONFLICT (workflow, process_id) DO UPDATE SET request = excluded.request
        WHERE c.execution_id = excluded.execution_id;
    IF FOUND THEN RETURN; END IF;
    SELECT c.execution_id, c.request INTO holder FROM claim c
      WHERE c.workflow = p_workflow AND c.process_id = p_process_id;
    CONTINUE WHEN NOT FOUND;  -- it was given back in between
    RAISE EXCEPTION 'the process id has an owner' USING ERRCODE = 'LP003',
      DETAIL = holder.execution_id || ' ' || encode(holder.request, 'hex');
  END LOOP;
  RAISE EXCEPTION 'the claim comes and goes' USING ERRCODE = '40001';
END $$;
