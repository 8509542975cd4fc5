-- Who decided what. A row stays when its execution is pruned. `person` is `decided_by` as it is compared.
CREATE TABLE decision(
  execution_id uuid NOT NULL, seq bigint NOT NULL, org integer NOT NULL, workflow integer NOT NULL, version integer NOT NULL,
  process_id text COLLATE "C" NOT NULL, step text COLLATE "C" NOT NULL, visit integer NOT NULL, scope text COLLATE "C" NOT NULL,
  decided_by text COLLATE "C" NOT NULL, person text COLLATE "C" NOT NULL, action text COLLATE "C" NOT NULL,
  comment text COLLATE "C" NOT NULL, at_ms bigint NOT NULL, via text COLLATE "C" NOT NULL,
  revision integer NOT NULL,                  -- 0: without a card
  is_final smallint NOT NULL,
  -- How it came, and for which absent person. Empty where that was not recorded.
  actor text COLLATE "C" NOT NULL DEFAULT '', actor_id text COLLATE "C" NOT NULL DEFAULT '',
  actor_email text COLLATE "C" NOT NULL DEFAULT '', substitute_for text COLLATE "C" NOT NULL DEFAULT '',
  PRIMARY KEY (execution_id, seq));
CREATE INDEX decision_org ON decision(org, at_ms, execution_id, seq);
CREATE INDEX decision_workflow ON decision(workflow, at_ms, execution_id, seq);
CREATE INDEX decision_step ON decision(workflow, step, at_ms, execution_id, seq);
CREATE INDEX decision_person ON decision(org, person, at_ms, execution_id, seq);
CREATE INDEX decision_process ON decision(org, process_id, at_ms, execution_id, seq);
CREATE INDEX decision_at ON decision(at_ms, execution_id);

-- Records decisions of one execution or of many. A decision that is recorded stays as it is when it is found again.
CREATE FUNCTION put_decisions(decisions jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO decision(
      execution_id, seq, org, workflow, version, process_id, step, visit, scope, decided_by, person, action, comment,
      at_ms, via, revision, is_final, actor, actor_id, actor_email, substitute_for)
    SELECT r.execution, r.seq, r.org, r.workflow, r.version, r.process_id, r.step, r.visit, r.scope, r.decided_by,
        r.person, r.action, r.comment, r.at_ms, r.via, r.revision, r.is_final, r.actor,
        r.actor_id, r.actor_email, r.substitute_for
      FROM jsonb_to_recordset(decisions) AS r(
        execution uuid, seq bigint, org integer, workflow integer, version integer, process_id text, step text,
        visit integer, scope text, decided_by text, person text, action text, comment text, at_ms bigint, via text,
        revision integer, is_final smallint, actor text, actor_id text, actor_email text, substitute_for text)
    ON CONFLICT DO NOTHING;
$$;
