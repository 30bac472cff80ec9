-- What was backed up, by which run, and where the copies are. Names are relative: the migrator
-- sets search_path to the catalog's schema. Nothing here may depend on search_path later on.

CREATE TABLE job_statuses (
  id BIGSERIAL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
COMMENT ON TABLE job_statuses IS 'States of a backup, a copy or a run';

INSERT INTO job_statuses (name) VALUES
  ('pending'), ('running'), ('completed'), ('partial'), ('failed'), ('cancelled'), ('purged');

CREATE FUNCTION trigger_set_updated_at() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

CREATE TABLE runs (
  id BIGSERIAL PRIMARY KEY,
  run_key UUID NOT NULL UNIQUE,
  command TEXT NOT NULL,
  arguments JSONB NOT NULL DEFAULT '[]',
  user_name TEXT,
  host TEXT,
  pid INTEGER,
  process_identity JSONB,
  triggered_by TEXT NOT NULL DEFAULT 'manual'
    CHECK (triggered_by IN ('schedule', 'manual', 'system')),
  version TEXT,
  started_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ,
  status TEXT NOT NULL
    REFERENCES job_statuses (name) ON DELETE RESTRICT ON UPDATE CASCADE,
  exit_code INTEGER,
  error_message TEXT,
  bytes BIGINT NOT NULL DEFAULT 0 CHECK (bytes >= 0)
);
COMMENT ON TABLE runs IS 'Every run of every command';
COMMENT ON COLUMN runs.arguments IS 'The command line, secrets masked';
COMMENT ON COLUMN runs.process_identity IS
  'Machine, boot, pid namespace and start of the process: tells a live run from a dead one';
CREATE INDEX idx_runs_started_at ON runs (started_at);
CREATE INDEX idx_runs_running ON runs (host) WHERE status = 'running';

CREATE TABLE backups (
  id BIGSERIAL PRIMARY KEY,
  label TEXT NOT NULL UNIQUE,
  backup_type TEXT NOT NULL
    CHECK (backup_type IN ('full', 'incremental', 'config', 'wal', 'files', 'redis')),
  method TEXT NOT NULL
    CHECK (method IN ('dump', 'base', 'pages', 'archive', 'tree', 'rdb')),
  database_name TEXT,
  parent_id BIGINT REFERENCES backups (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  destination TEXT,
  file_path TEXT,
  size_bytes BIGINT CHECK (size_bytes >= 0),
  original_bytes BIGINT CHECK (original_bytes >= 0),
  checksum_md5 TEXT,
  checksum_sha256 TEXT,
  status_id BIGINT NOT NULL
    REFERENCES job_statuses (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  started_at TIMESTAMPTZ NOT NULL,
  completed_at TIMESTAMPTZ,
  start_lsn PG_LSN,
  stop_lsn PG_LSN,
  timeline INTEGER,
  verified BOOLEAN NOT NULL DEFAULT false,
  verified_at TIMESTAMPTZ,
  verification_result_json JSONB,
  error_message TEXT,
  triggered_by TEXT NOT NULL DEFAULT 'manual'
    CHECK (triggered_by IN ('schedule', 'manual', 'system')),
  held_until TIMESTAMPTZ,
  hold_reason TEXT,
  purged_at TIMESTAMPTZ,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE backups IS 'One row a backup; the stores are the truth, this is the index';
COMMENT ON COLUMN backups.label IS 'The name of the backup in the store';
COMMENT ON COLUMN backups.destination IS 'URL of the store, without secrets';
COMMENT ON COLUMN backups.file_path IS 'Key of the manifest in the store';
COMMENT ON COLUMN backups.size_bytes IS 'As stored';
COMMENT ON COLUMN backups.original_bytes IS 'Before compression';
COMMENT ON COLUMN backups.verified IS 'A restore of it was checked and was right, the last time';
COMMENT ON COLUMN backups.held_until IS 'Never pruned before; the year 9999: until released';
CREATE INDEX idx_backups_status_id ON backups (status_id);
CREATE INDEX idx_backups_completed_at ON backups (completed_at);
CREATE INDEX idx_backups_backup_type ON backups (backup_type);
CREATE INDEX idx_backups_started_at ON backups (started_at, id);
CREATE INDEX idx_backups_run_id ON backups (run_id);
CREATE INDEX idx_backups_parent_id ON backups (parent_id) WHERE parent_id IS NOT NULL;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON backups
  FOR EACH ROW EXECUTE FUNCTION trigger_set_updated_at();

CREATE TABLE backup_copies (
  backup_id BIGINT NOT NULL REFERENCES backups (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  store TEXT NOT NULL,
  url TEXT NOT NULL,
  state TEXT NOT NULL
    REFERENCES job_statuses (name) ON DELETE RESTRICT ON UPDATE CASCADE,
  size_bytes BIGINT NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
  checksum_sha256 TEXT,
  completed_at TIMESTAMPTZ,
  last_checked_at TIMESTAMPTZ,
  error_message TEXT,
  PRIMARY KEY (backup_id, store)
);
COMMENT ON TABLE backup_copies IS 'A backup on one store';
COMMENT ON COLUMN backup_copies.checksum_sha256 IS 'Of the manifest';

CREATE TABLE backup_schedules (
  id BIGSERIAL PRIMARY KEY,
  backup_type TEXT
    CHECK (backup_type IN ('full', 'incremental', 'config', 'wal', 'files', 'redis')),
  schedule TEXT NOT NULL,
  time_zone TEXT NOT NULL DEFAULT 'UTC',
  command TEXT NOT NULL,
  destination TEXT,
  retention_policy_json JSONB,
  enabled BOOLEAN NOT NULL DEFAULT true,
  last_run_at TIMESTAMPTZ,
  next_run_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON COLUMN backup_schedules.schedule IS 'A cron expression, in time_zone';
COMMENT ON COLUMN backup_schedules.backup_type IS 'Null for commands that make no backup';
CREATE INDEX idx_backup_schedules_next_run_at ON backup_schedules (next_run_at);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON backup_schedules
  FOR EACH ROW EXECUTE FUNCTION trigger_set_updated_at();

CREATE TABLE applied_events (
  event_id UUID PRIMARY KEY,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE applied_events IS
  'Every recorded event, so that one delivered twice is applied once';
