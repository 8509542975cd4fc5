-- What became of each nominal instant of a schedule, and starts that are put off.

ALTER TABLE schedule ADD COLUMN delay_ms INT NOT NULL DEFAULT 0;
DROP INDEX schedule_due;
CREATE INDEX schedule_due ON schedule(next_ms + delay_ms) WHERE status = 1 AND next_ms IS NOT NULL;

ALTER TABLE fire ADD COLUMN outcome INT NOT NULL DEFAULT 1;
ALTER TABLE fire ADD COLUMN at_ms INT;             -- NULL: of a release that did not note it
ALTER TABLE fire ADD COLUMN count INT NOT NULL DEFAULT 1;
UPDATE fire SET outcome = 3 WHERE execution_id IS NULL;
CREATE INDEX fire_queued ON fire(workflow, nominal_ms) WHERE outcome = 4;
CREATE INDEX fire_missed ON fire(workflow, nominal_ms) WHERE outcome = 5;
