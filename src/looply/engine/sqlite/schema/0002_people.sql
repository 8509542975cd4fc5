-- How a decision came, and for which absent person. Empty where that was not recorded.
ALTER TABLE decision ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_id TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_email TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN substitute_for TEXT NOT NULL DEFAULT '';

-- Who decides in the place of a person who is away. `person` is `name` as it is compared, `workflows` a JSON list of ids.
CREATE TABLE absence(
  org INTEGER NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, substitute TEXT NOT NULL, begins_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL, workflows TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY(org, person)) STRICT, WITHOUT ROWID;
