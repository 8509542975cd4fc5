-- Systems that are not called as usual. `body` is a JSON object, which only the engine reads.
CREATE TABLE target(
  org integer NOT NULL, target text COLLATE "C" NOT NULL, revision bigint NOT NULL, body text COLLATE "C" NOT NULL,
  PRIMARY KEY (org, target));
