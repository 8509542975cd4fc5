-- How one unit becomes rows: one call, one statement, one transaction. The parts that can be refused come first: the
-- lease, the key, the fence, the claim, the firing; a slot (`pass_on`) and a datastore are refused by calls beside this
-- one, in the same transaction. A refusal raises, which undoes everything; its code says which it
-- was, and its detail names the holder. Two transactions that need one key or claim wait for each other at its row.

-- Stores one unit. `facts` has everything that is not bytes; it leaves out the parts that the unit does not have.
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
    UPDATE execution e SET version = u.version, status = u.status, state = u.state, seq = u.seq, crash_count = 0,
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
  part := facts->'figures';
  IF part IS NOT NULL THEN
    INSERT INTO figure_change(org, workflow, profile, at_ms, change)
      VALUES (u.org, u.workflow, part->>'profile', u.at_ms, part->>'change');
  END IF;
  part := facts->'definition';
  IF part IS NOT NULL THEN
    INSERT INTO definition(hash, workflow_id, version, body)
      VALUES (part->>'hash', part->>'workflow_id', (part->>'version')::integer, p_definition) ON CONFLICT DO NOTHING;
  END IF;
END $$;
