-- What the roles may do; repeated by every migration. bkp_writer runs the commands: it writes
-- history and never rewrites it. bkp_reader looks.

GRANT SELECT, INSERT, UPDATE ON runs, backups, backup_copies TO bkp_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON backup_schedules, asset_checks TO bkp_writer;
GRANT SELECT, INSERT ON
  applied_events, verifications, store_usage, restore_points TO bkp_writer;
-- Which role an entry is from, and when it came, the server says.
REVOKE INSERT ON audit_log FROM bkp_writer;
GRANT SELECT, INSERT (at, action, subject, confirmation, details, user_name, host, run_id)
  ON audit_log TO bkp_writer;
GRANT UPDATE (backup_id) ON verifications TO bkp_writer;
GRANT SELECT ON job_statuses, schema_migrations, backup_logs TO bkp_writer;
GRANT USAGE ON SEQUENCE
  runs_id_seq, backups_id_seq, backup_schedules_id_seq, verifications_id_seq, store_usage_id_seq,
  restore_points_id_seq, asset_checks_id_seq, audit_log_id_seq TO bkp_writer;

GRANT SELECT ON
  job_statuses, runs, backups, backup_copies, backup_schedules, applied_events, verifications,
  store_usage, restore_points, asset_checks, audit_log, schema_migrations, backup_logs
  TO bkp_reader;
