-- Who did what, when, with which confirmation. Append-only: the trigger refuses changes to
-- everybody; only the owner or a superuser can lift it, on purpose, with
-- ALTER TABLE audit_log DISABLE TRIGGER refuse_change.

CREATE TABLE audit_log (
  id BIGSERIAL PRIMARY KEY,
  at TIMESTAMPTZ NOT NULL,
  action TEXT NOT NULL,
  subject TEXT,
  confirmation TEXT,
  details JSONB,
  user_name TEXT,
  host TEXT,
  database_role TEXT NOT NULL DEFAULT session_user,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT,
  recorded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE audit_log IS 'Append-only';
COMMENT ON COLUMN audit_log.user_name IS 'Of the operating system, on host';
COMMENT ON COLUMN audit_log.confirmation IS 'What was typed, or passed with --yes';
CREATE INDEX idx_audit_log_at ON audit_log (at);

CREATE FUNCTION trigger_refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION '% of % refused: it is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION trigger_refuse_change();
