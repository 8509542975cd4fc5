-- Dead letters: resumes that were kept and moved nothing. What a letter holds is in the history, in event `seq`.
CREATE TABLE letter(
  execution_id uuid NOT NULL, seq bigint NOT NULL, org integer NOT NULL, workflow integer NOT NULL, process_id text COLLATE "C" NOT NULL,
  reason smallint NOT NULL, source text NOT NULL, sender text NOT NULL, kept_ms bigint NOT NULL,
  action smallint NOT NULL DEFAULT 0,         -- 0: it is not settled
  settled_by text NOT NULL DEFAULT '', settled_ms bigint, note text NOT NULL DEFAULT '',
  PRIMARY KEY (execution_id, seq));
CREATE INDEX letter_org ON letter(org, execution_id, seq);
CREATE INDEX letter_workflow ON letter(workflow, execution_id, seq);
CREATE INDEX letter_process ON letter(org, process_id, execution_id, seq);
CREATE INDEX letter_open ON letter(org, execution_id, seq) WHERE action = 0;

-- The letters that a unit makes or settles, in the transaction of its events.
CREATE FUNCTION put_letters(p_id uuid, p_org integer, p_workflow integer, letters jsonb)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO letter(
      execution_id, seq, org, workflow, process_id, reason, source, sender, kept_ms, action, settled_by, settled_ms, note)
    SELECT p_id, r.seq, p_org, p_workflow, r.process_id, r.reason, r.source, r.sender, r.kept_ms, r.action, r.settled_by,
        r.settled_ms, r.note
      FROM jsonb_to_recordset(letters) AS r(
        seq bigint, process_id text, reason smallint, source text, sender text, kept_ms bigint, action smallint,
        settled_by text, settled_ms bigint, note text)
    ON CONFLICT (execution_id, seq) DO UPDATE SET action = excluded.action, settled_by = excluded.settled_by,
      settled_ms = excluded.settled_ms, note = excluded.note;
$$;
