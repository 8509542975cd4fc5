-- Who decides in the place of a person who is away. `person` is `name` as it is compared, `workflows` a JSON list of ids.
CREATE TABLE absence(
  org integer NOT NULL, person text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
  substitute text COLLATE "C" NOT NULL, begins_ms bigint NOT NULL, ends_ms bigint NOT NULL,
  workflows text COLLATE "C" NOT NULL, note text COLLATE "C" NOT NULL, PRIMARY KEY (org, person));
