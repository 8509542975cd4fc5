-- How one unit becomes rows: one call, one statement, one transaction. What can be refused comes first: the lease, the
-- key, the fence, the claim, the firing. A refusal raises, which undoes everything; its code says which it was, and
-- its detail who holds what was wanted. Two transactions that want one key or claim wait for each other at its row.

-- Holds the right of a process to write until the end of the transaction: who takes it away waits for that.
CREATE FUNCTION hold_lease(own bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1819242608, own::integer);
  IF NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = own) THEN
    RAISE EXCEPTION 'epoch % is over', own USING ERRCODE = 'LP005';
  END IF;
END $$;

-- Takes the right of processes to write away, after what they are writing. Returns how many had it.
CREATE FUNCTION end_leases(epochs bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE ended integer;
BEGIN
  PERFORM pg_advisory_xact_lock(1819242608, e::integer) FROM unnest(epochs) e ORDER BY e;
  DELETE FROM lease l WHERE l.epoch = ANY (epochs);
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
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

-- Returns the numbers of names, giving them one if need be.
CREATE FUNCTION number_names(names text[]) RETURNS TABLE(id text, n integer) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO name(id)
    SELECT w FROM unnest(names) w WHERE NOT EXISTS (SELECT 1 FROM name k WHERE k.id = w) ORDER BY w
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT k.id, k.n FROM name k WHERE k.id = ANY (names);
END $$;

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

-- Takes a nominal instant of a schedule, for an execution or for none, and moves the schedule on.
CREATE FUNCTION take_fire(p_workflow integer, p_nominal_ms bigint, p_next_ms bigint, p_execution uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO fire(workflow, nominal_ms, execution_id) VALUES (p_workflow, p_nominal_ms, p_execution)
    ON CONFLICT DO NOTHING;
  IF FOUND THEN
    UPDATE schedule s SET next_ms = p_next_ms,
        last_ms = CASE WHEN p_execution IS NULL THEN s.last_ms ELSE p_nominal_ms END,
        last_execution = coalesce(p_execution, s.last_execution)
      WHERE s.workflow = p_workflow AND s.status = 1 AND s.next_ms <= p_nominal_ms;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RAISE EXCEPTION 'the schedule does not wait for this instant' USING ERRCODE = 'LP004';
END $$;

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
    INSERT INTO continuation(execution_id) VALUES (p_id) ON CONFLICT DO NOTHING;
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

-- Stores one unit. `facts` has everything that is no bytes; a part that the unit does not have is not in it.
CREATE FUNCTION store_unit(
  p_epoch bigint, facts jsonb, p_chain bytea, p_events bytea, p_key bytea, p_claim bytea, p_hashes bytea[],
  p_values bytea[], p_snapshot bytea, p_definition bytea)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  u record;
  part jsonb;
BEGIN
  PERFORM hold_lease(p_epoch);
  SELECT * INTO u FROM jsonb_to_record(facts) AS r(
    id uuid, org integer, workspace integer, workflow integer, version integer, status smallint, state text,
    trigger smallint, process_id text, profile text, parent text, expected bigint, seq bigint, modified_ms bigint,
    modified_by text, first_seq bigint, last_seq bigint, at_ms bigint, codec integer, value_codecs integer[]);
  part := facts->'key';
  IF part IS NOT NULL THEN
    PERFORM take_key(u.org, part->>'text', p_key, u.id, (part->>'expires_ms')::bigint, u.at_ms);
  END IF;
  IF u.expected = 0 THEN
    INSERT INTO execution(id, org, workspace, workflow, version, status, state, trigger, process_id, profile, parent,
        seq, bytes, modified_ms, modified_by)
      VALUES (u.id, u.org, u.workspace, u.workflow, u.version, u.status, u.state, u.trigger, u.process_id, u.profile,
        u.parent, u.seq, length(p_events), u.modified_ms, u.modified_by)
      ON CONFLICT DO NOTHING;
  ELSE
    UPDATE execution e SET version = u.version, status = u.status, state = u.state, seq = u.seq, loads = 0,
        bytes = e.bytes + length(p_events), modified_ms = u.modified_ms, modified_by = u.modified_by
      WHERE e.id = u.id AND e.seq = u.expected;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the execution is not at event %', u.expected USING ERRCODE = 'LP001';
  END IF;
  part := facts->'put_claim';
  IF part IS NOT NULL THEN
    PERFORM take_claim(u.workflow, part->>'process_id', u.org, u.id, p_claim);
  END IF;
  part := facts->'drop_claim';
  IF part IS NOT NULL THEN
    DELETE FROM claim c
      WHERE c.workflow = u.workflow AND c.process_id = part->>'process_id' AND c.execution_id = u.id;
  END IF;
  part := facts->'fire';
  IF part IS NOT NULL THEN
    PERFORM take_fire(
      (part->>'workflow')::integer, (part->>'nominal_ms')::bigint, (part->>'next_ms')::bigint, u.id);
  END IF;
  INSERT INTO batch(execution_id, first_seq, last_seq, at_ms, epoch, codec, chain, events)
    VALUES (u.id, u.first_seq, u.last_seq, u.at_ms, p_epoch, u.codec, p_chain, p_events);
  IF p_hashes IS NOT NULL THEN
    INSERT INTO value(org, hash, codec, bytes)
      SELECT u.org, r.hash, r.codec, r.bytes FROM unnest(p_hashes, u.value_codecs, p_values) AS r(hash, codec, bytes)
      ORDER BY r.hash ON CONFLICT DO NOTHING;
    INSERT INTO value_use(execution_id, hash, org, seq)
      SELECT DISTINCT u.id, r.hash, u.org, u.last_seq FROM unnest(p_hashes) AS r(hash)
      ON CONFLICT (execution_id, hash) DO UPDATE SET seq = excluded.seq;
  END IF;
  part := facts->'snapshot';
  IF part IS NOT NULL THEN
    INSERT INTO snapshot(execution_id, seq, fold, codec, state)
      VALUES (u.id, (part->>'seq')::bigint, (part->>'fold')::integer, (part->>'codec')::integer, p_snapshot)
      ON CONFLICT (execution_id) DO UPDATE SET seq = excluded.seq, fold = excluded.fold, codec = excluded.codec,
        state = excluded.state;
  ELSIF u.expected > 0 AND u.status IN (3, 5) THEN
    DELETE FROM snapshot s WHERE s.execution_id = u.id;
  END IF;
  part := facts->'put';
  IF part IS NOT NULL THEN
    PERFORM put_work(u.id, u.org, u.workflow, part);
  END IF;
  part := facts->'drop';
  IF part IS NOT NULL THEN
    PERFORM drop_work(u.id, part);
  END IF;
  part := facts->'definition';
  IF part IS NOT NULL THEN
    INSERT INTO definition(hash, workflow_id, version, body)
      VALUES (part->>'hash', part->>'workflow_id', (part->>'version')::integer, p_definition) ON CONFLICT DO NOTHING;
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
