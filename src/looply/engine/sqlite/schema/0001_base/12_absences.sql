-- Who decides in the place of a person who is away. `person` is `name` as it is compared, `workflows` a JSON list of ids.
CREATE TABLE absence(
  org INTEGER NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, substitute TEXT NOT NULL, begins_ms INTEGER NOT NULL,
  ends_ms INTEGER NOT NULL, workflows TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY(org, person)) STRICT, WITHOUT ROWID;
