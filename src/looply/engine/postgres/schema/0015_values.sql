-- A process of the release before, which goes on beside this one, does not hold the large values that its units bring;
-- whoever brings some holds them by this, so that pruning takes none away from under it.
CREATE FUNCTION hold_values_brought() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM hold_values();
  RETURN NULL;
END $$;

CREATE TRIGGER value_brought BEFORE INSERT ON value FOR EACH STATEMENT EXECUTE FUNCTION hold_values_brought();
