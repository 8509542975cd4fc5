-- Schedules, and the outcome of each nominal instant: a start may be postponed, wait for its turn or be left out.

CREATE TABLE schedule(
  workflow integer PRIMARY KEY, org integer NOT NULL, workspace integer NOT NULL, version integer NOT NULL,
  definition text COLLATE "C" NOT NULL, status smallint NOT NULL, anchor_ms bigint NOT NULL, next_ms bigint,
  last_ms bigint, last_execution uuid, taken timestamptz NOT NULL DEFAULT '-infinity', epoch bigint NOT NULL DEFAULT 0,
  delay_ms bigint NOT NULL DEFAULT 0) WITH (fillfactor = 70);
CREATE INDEX schedule_org ON schedule(org);
CREATE INDEX schedule_due ON schedule((next_ms + delay_ms)) WHERE status = 1 AND next_ms IS NOT NULL;
CREATE TABLE fire(
  workflow integer, nominal_ms bigint,
  execution_id uuid,                         -- NULL: it started none; `outcome` says why
  outcome smallint NOT NULL DEFAULT 1,
  at_ms bigint,                              -- NULL: taken and not noted, within one transaction
  count integer NOT NULL DEFAULT 1, PRIMARY KEY (workflow, nominal_ms));
CREATE INDEX fire_queued ON fire(workflow, nominal_ms) WHERE outcome = 4;
CREATE INDEX fire_missed ON fire(workflow, nominal_ms) WHERE outcome = 5;

-- Takes schedules that are due; a start may be postponed.
CREATE FUNCTION take_schedules(own bigint, now_ms bigint, life interval, most bigint)
RETURNS SETOF schedule LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_lease_to_take(own);
  RETURN QUERY
    WITH free AS MATERIALIZED (
      SELECT f.workflow FROM schedule f
        WHERE f.status = 1 AND f.next_ms IS NOT NULL AND f.next_ms + f.delay_ms <= now_ms
          AND f.taken < clock_timestamp() - life
        ORDER BY f.next_ms + f.delay_ms LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE schedule s SET taken = clock_timestamp(), epoch = own FROM free f
      WHERE s.workflow = f.workflow RETURNING s.*;
END $$;

-- Refuses a firing by a process whose schedule another process has taken since; that one has looked again at what runs.
CREATE FUNCTION hold_schedule(own bigint, p_workflow integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE taker bigint;
BEGIN
  SELECT s.epoch INTO taker FROM schedule s WHERE s.workflow = p_workflow FOR UPDATE;
  IF taker NOT IN (0, own) THEN
    RAISE EXCEPTION 'the schedule was taken by epoch %', taker USING ERRCODE = 'LP004';
  END IF;
END $$;

-- Refuses a decision that was made when another execution was the schedule's last one.
CREATE FUNCTION hold_former(p_workflow integer, p_is_any boolean, p_former uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT p_is_any THEN
    PERFORM 1 FROM schedule s
      WHERE s.workflow = p_workflow AND s.last_execution IS NOT DISTINCT FROM p_former FOR UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the schedule has started another execution' USING ERRCODE = 'LP004';
    END IF;
  END IF;
END $$;

-- Takes a nominal instant of a schedule, for an execution or for none, moves the schedule on and releases it.
CREATE FUNCTION take_fire(p_workflow integer, p_nominal_ms bigint, p_next_ms bigint, p_execution uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO fire(workflow, nominal_ms, execution_id) VALUES (p_workflow, p_nominal_ms, p_execution)
    ON CONFLICT DO NOTHING;
  IF FOUND THEN
    UPDATE schedule s SET next_ms = p_next_ms,
        last_ms = CASE WHEN p_execution IS NULL THEN s.last_ms ELSE p_nominal_ms END,
        last_execution = coalesce(p_execution, s.last_execution), taken = '-infinity', epoch = 0
      WHERE s.workflow = p_workflow AND s.status = 1 AND s.next_ms <= p_nominal_ms;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RAISE EXCEPTION 'the schedule does not wait for this instant' USING ERRCODE = 'LP004';
END $$;

-- Notes the outcome of an instant that was taken, and how long the start of the next one is postponed.
CREATE FUNCTION note_fire(p_workflow integer, p_nominal_ms bigint, p_delay_ms bigint, p_outcome integer,
  p_at_ms bigint, p_count integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE fire f SET outcome = p_outcome, at_ms = p_at_ms, count = p_count
    WHERE f.workflow = p_workflow AND f.nominal_ms = p_nominal_ms;
  UPDATE schedule s SET delay_ms = p_delay_ms WHERE s.workflow = p_workflow AND s.delay_ms <> p_delay_ms;
END $$;

-- Gives a start that waited its execution.
CREATE FUNCTION take_queued(p_workflow integer, p_nominal_ms bigint, p_outcome integer, p_at_ms bigint,
  p_execution uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE schedule s SET last_ms = p_nominal_ms, last_execution = p_execution
    WHERE s.workflow = p_workflow AND s.status = 1;
  IF FOUND THEN
    UPDATE fire f SET outcome = p_outcome, at_ms = p_at_ms, execution_id = p_execution
      WHERE f.workflow = p_workflow AND f.nominal_ms = p_nominal_ms AND f.outcome = 4;
    IF FOUND THEN RETURN; END IF;
  END IF;
  RAISE EXCEPTION 'this start does not wait' USING ERRCODE = 'LP004';
END $$;
