-- How a decision came, and for which absent person. Empty where that was not recorded.
ALTER TABLE decision ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_id TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN actor_email TEXT NOT NULL DEFAULT '';
ALTER TABLE decision ADD COLUMN stands_for TEXT NOT NULL DEFAULT '';
