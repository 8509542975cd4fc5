-- What became of each nominal instant of a schedule, and starts that are put off.

ALTER TABLE schedule ADD COLUMN delay_ms bigint NOT NULL DEFAULT 0;
DROP INDEX schedule_due;
CREATE INDEX schedule_due ON schedule((next_ms + delay_ms)) WHERE status = 1 AND next_ms IS NOT NULL;

ALTER TABLE fire ADD COLUMN outcome smallint NOT NULL DEFAULT 1,
  ADD COLUMN at_ms bigint,                   -- NULL: of a release that did not note it
  ADD COLUMN count integer NOT NULL DEFAULT 1;
UPDATE fire SET outcome = 3 WHERE execution_id IS NULL;
CREATE INDEX fire_queued ON fire(workflow, nominal_ms) WHERE outcome = 4;
CREATE INDEX fire_missed ON fire(workflow, nominal_ms) WHERE outcome = 5;

-- As before, but that a start may be put off.
CREATE OR REPLACE FUNCTION take_schedules(own bigint, now_ms bigint, life interval, most bigint)
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

-- Notes what became of an instant that was taken, and how long the start of the next one is put off.
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
