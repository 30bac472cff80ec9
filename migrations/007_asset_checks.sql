-- Of each asset what its last check found, in place of one row a check: with a million assets, a
-- tenth of them a night, history would outgrow everything else. Nothing has written here before.

ALTER TABLE asset_checks
  ADD COLUMN asset_id TEXT,
  ADD COLUMN since TIMESTAMPTZ NOT NULL DEFAULT now(),
  ADD UNIQUE (name, path);
COMMENT ON TABLE asset_checks IS 'The last check of each asset';
COMMENT ON COLUMN asset_checks.name IS 'Of the section of the configuration';
COMMENT ON COLUMN asset_checks.asset_id IS 'What the site''s database calls it';
COMMENT ON COLUMN asset_checks.since IS 'When a check first found the state that it has';
CREATE INDEX idx_asset_checks_faults ON asset_checks (name, path) WHERE state <> 'ok';
