-- Which processes may write. A process that works on the store has a lease as long as it may write. A process that ends
-- a lease deletes the row while it holds its lock. `since`: since when the lease has been renewed without a gap; only a
-- process that was connected all the time can say that another one was not. `audits`: one auditor serves all processes
-- that share the store, and its duty ends with its lease.

CREATE SEQUENCE epoch;
CREATE TABLE lease(
  epoch bigint PRIMARY KEY, seen timestamptz NOT NULL DEFAULT clock_timestamp(),
  since timestamptz NOT NULL DEFAULT clock_timestamp(), audits boolean NOT NULL DEFAULT false) WITH (fillfactor = 50);
CREATE UNIQUE INDEX lease_audits ON lease(audits) WHERE audits;

-- Holds the right of a process to write until the end of the transaction: a transaction that takes it away waits.
CREATE FUNCTION hold_lease(own bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1819242608, own::integer);
  IF NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = own) THEN
    RAISE EXCEPTION 'epoch % is over', own USING ERRCODE = 'LP005';
  END IF;
END $$;

-- A row that is taken and not done is taken again, so no transaction waits until this is flushed to disk.
CREATE FUNCTION hold_lease_to_take(own bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease(own);
  PERFORM set_config('synchronous_commit', 'off', true);
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

-- Says that a process is alive; returns whether it still may write.
CREATE FUNCTION renew_lease(own bigint, life interval) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE lease l SET since = CASE WHEN l.seen < clock_timestamp() - life THEN clock_timestamp() ELSE l.since END,
    seen = clock_timestamp() WHERE l.epoch = own;
  RETURN FOUND;
END $$;

-- Whether a process has not renewed its lease for a while; it may have ended.
CREATE FUNCTION is_silent(p_epoch bigint, life interval) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT NOT EXISTS (SELECT 1 FROM lease l WHERE l.epoch = p_epoch AND l.seen > clock_timestamp() - life)
$$;

-- Takes the auditor's duty if it is free. Returns whether this process has it.
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
  RETURN false;  -- another process was faster
END $$;
