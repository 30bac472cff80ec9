-- What was found out over time: verifications, space, restore points, assets.

CREATE TABLE verifications (
  id BIGSERIAL PRIMARY KEY,
  backup_id BIGINT REFERENCES backups (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  backup_label TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('checksum', 'restore', 'drill')),
  store TEXT,
  success BOOLEAN NOT NULL,
  restore_duration_seconds DOUBLE PRECISION CHECK (restore_duration_seconds >= 0),
  validation_queries_passed INTEGER NOT NULL DEFAULT 0 CHECK (validation_queries_passed >= 0),
  validation_queries_total INTEGER NOT NULL DEFAULT 0 CHECK (validation_queries_total >= 0),
  coverage JSONB,
  errors JSONB NOT NULL DEFAULT '[]',
  started_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ NOT NULL,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
COMMENT ON TABLE verifications IS 'Every verification of every backup';
COMMENT ON COLUMN verifications.backup_id IS
  'Null while the catalog does not know a backup of this label';
CREATE INDEX idx_verifications_backup_id ON verifications (backup_id, finished_at);
CREATE INDEX idx_verifications_backup_label ON verifications (backup_label);

CREATE TABLE store_usage (
  id BIGSERIAL PRIMARY KEY,
  store TEXT NOT NULL,
  url TEXT NOT NULL,
  used_bytes BIGINT NOT NULL CHECK (used_bytes >= 0),
  objects BIGINT NOT NULL CHECK (objects >= 0),
  capacity_bytes BIGINT CHECK (capacity_bytes >= 0),
  available_bytes BIGINT CHECK (available_bytes >= 0),
  alert_state TEXT NOT NULL DEFAULT 'ok' CHECK (alert_state IN ('ok', 'alert')),
  full_at TIMESTAMPTZ,
  sampled_at TIMESTAMPTZ NOT NULL,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
COMMENT ON TABLE store_usage IS 'Space on a store over time';
COMMENT ON COLUMN store_usage.used_bytes IS 'By the objects of this site';
COMMENT ON COLUMN store_usage.full_at IS 'Forecast';
CREATE INDEX idx_store_usage_store_sampled_at ON store_usage (store, sampled_at);

CREATE TABLE restore_points (
  id BIGSERIAL PRIMARY KEY,
  name TEXT,
  note TEXT,
  at TIMESTAMPTZ NOT NULL,
  lsn PG_LSN,
  timeline INTEGER,
  created_by TEXT,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT ON UPDATE CASCADE,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CHECK (name IS NOT NULL OR note IS NOT NULL)
);
COMMENT ON TABLE restore_points IS 'Named restore points and notes of the operator';
CREATE INDEX idx_restore_points_at ON restore_points (at);

CREATE TABLE asset_checks (
  id BIGSERIAL PRIMARY KEY,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ok', 'missing', 'corrupt', 'unreadable')),
  expected_sha256 TEXT,
  actual_sha256 TEXT,
  size_bytes BIGINT CHECK (size_bytes >= 0),
  error_message TEXT,
  checked_at TIMESTAMPTZ NOT NULL,
  run_id BIGINT REFERENCES runs (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
COMMENT ON TABLE asset_checks IS 'Files compared with the checksums in the database';
CREATE INDEX idx_asset_checks_name_path ON asset_checks (name, path, checked_at);
