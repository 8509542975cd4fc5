-- Copies of cards that a channel keeps elsewhere. `wanted` and `shown` are numbers of events of the execution: the copy is
-- stale while it shows an older one. The process that updates it has it until `taken_ms`.
CREATE TABLE card_copy(
  id text COLLATE "C" PRIMARY KEY, execution_id uuid NOT NULL, channel text NOT NULL, wanted bigint NOT NULL,
  shown bigint NOT NULL DEFAULT 0,
  handle text NOT NULL DEFAULT '',           -- by which the channel finds it again
  attempts integer NOT NULL DEFAULT 0, due_ms bigint NOT NULL, taken_ms bigint NOT NULL DEFAULT 0)
  WITH (fillfactor = 70);
CREATE INDEX card_copy_of ON card_copy(execution_id);
CREATE INDEX card_copy_stale ON card_copy(due_ms) WHERE shown < wanted;

-- The requested appearance of copies, in the transaction of the events that change them. A process that has taken a copy
-- keeps it.
CREATE FUNCTION wish_copies(p_id uuid, wishes jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO card_copy(id, execution_id, channel, wanted, due_ms)
    SELECT r.id, p_id, r.channel, r.wanted, r.due_ms
      FROM jsonb_to_recordset(wishes) AS r(id text, channel text, wanted bigint, due_ms bigint)
    ON CONFLICT (id) DO UPDATE SET wanted = excluded.wanted, due_ms = excluded.due_ms, attempts = 0;
$$;
