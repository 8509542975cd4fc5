-- Copies of cards that a channel keeps elsewhere. `wanted` and `shown` are numbers of events of the execution: the copy is
-- stale while it shows an older one. The process that updates it has it until `taken_ms`; a channel that asked for a pause
-- gets it by the same column. `state` holds since `since_ms`; `code` and `reason` say why it is not SHOWN, or what became of
-- the last try. `doubt`: 1 while a call without an answer may still take effect, 2 while the copy is to be brought once more.
-- `reported` is 0 until the history says the same. `takes` counts how often it was taken since a try was recorded last.
CREATE TABLE card_copy(
  id text COLLATE "C" PRIMARY KEY, execution_id uuid NOT NULL, channel text NOT NULL, wanted bigint NOT NULL,
  shown bigint NOT NULL DEFAULT 0,
  handle text NOT NULL DEFAULT '',           -- the channel's own JSON, by which it finds the copy again
  state text COLLATE "C" NOT NULL DEFAULT 'PENDING', code text NOT NULL DEFAULT '', reason text NOT NULL DEFAULT '',
  since_ms bigint NOT NULL,
  reminded integer NOT NULL DEFAULT 0, doubt integer NOT NULL DEFAULT 0, reported integer NOT NULL DEFAULT 1,
  takes integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0, due_ms bigint NOT NULL, taken_ms bigint NOT NULL DEFAULT 0)
  WITH (fillfactor = 70);
CREATE INDEX card_copy_of ON card_copy(execution_id);
CREATE INDEX card_copy_open ON card_copy(channel, due_ms) WHERE shown < wanted OR doubt > 0 OR reported = 0;
CREATE INDEX card_copy_undelivered ON card_copy(id) WHERE state <> 'SHOWN';

-- The requested appearance of copies, in the transaction of the events that change them. A process that has taken a copy
-- keeps it.
CREATE FUNCTION wish_copies(p_id uuid, wishes jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO card_copy(id, execution_id, channel, wanted, due_ms, since_ms)
    SELECT r.id, p_id, r.channel, r.wanted, r.due_ms, r.due_ms
      FROM jsonb_to_recordset(wishes) AS r(id text, channel text, wanted bigint, due_ms bigint)
    ON CONFLICT (id) DO UPDATE SET wanted = excluded.wanted, due_ms = excluded.due_ms, attempts = 0;
$$;
