-- Systems that are not called as usual. `body` is a JSON object, which only the engine reads.
CREATE TABLE target(
  org INTEGER NOT NULL, target TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY(org, target)) STRICT, WITHOUT ROWID;
