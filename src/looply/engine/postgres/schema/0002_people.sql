-- How a decision came, and for which absent person. Empty where that was not recorded.
ALTER TABLE decision ADD COLUMN actor text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_email text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN substitute_for text COLLATE "C" NOT NULL DEFAULT '';

-- Records decisions of one execution or of many. A decision that is recorded stays as it is when it is found again. A
-- server of the release before sends no actor.
CREATE OR REPLACE FUNCTION put_decisions(decisions jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO decision(
      execution_id, seq, org, workflow, version, process_id, step, visit, scope, decided_by, person, action, comment,
      at_ms, via, revision, is_final, actor, actor_id, actor_email, substitute_for)
    SELECT r.execution, r.seq, r.org, r.workflow, r.version, r.process_id, r.step, r.visit, r.scope, r.decided_by,
        r.person, r.action, r.comment, r.at_ms, r.via, r.revision, r.is_final, coalesce(r.actor, ''),
        coalesce(r.actor_id, ''), coalesce(r.actor_email, ''), coalesce(r.substitute_for, '')
      FROM jsonb_to_recordset(decisions) AS r(
        execution uuid, seq bigint, org integer, workflow integer, version integer, process_id text, step text,
        visit integer, scope text, decided_by text, person text, action text, comment text, at_ms bigint, via text,
        revision integer, is_final smallint, actor text, actor_id text, actor_email text, substitute_for text)
    ON CONFLICT DO NOTHING;
$$;

-- Who decides in the place of a person who is away. `person` is `name` as it is compared, `workflows` a JSON list of ids.
CREATE TABLE absence(
  org integer NOT NULL, person text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
  substitute text COLLATE "C" NOT NULL, begins_ms bigint NOT NULL, ends_ms bigint NOT NULL,
  workflows text COLLATE "C" NOT NULL, note text COLLATE "C" NOT NULL, PRIMARY KEY (org, person));
