-- Exports of the configuration: versions of one content, each stored once.

ALTER TABLE backups
  ADD COLUMN export_version INTEGER CHECK (export_version > 0),
  ADD COLUMN confirmed_at TIMESTAMPTZ;
COMMENT ON COLUMN backups.export_version IS 'Of a config export: grows by one with each that is stored';
COMMENT ON COLUMN backups.confirmed_at IS
  'When a later export last found the very same, and so stored nothing';
