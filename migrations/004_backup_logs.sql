-- One row a backup, for people and for programs that report.

CREATE VIEW backup_logs AS
SELECT
  b.id AS backup_id,
  b.backup_type,
  b.started_at AS backup_timestamp,
  b.size_bytes AS backup_size_bytes,
  b.checksum_md5,
  b.checksum_sha256,
  (SELECT min(c.url || '/' || b.file_path) FROM backup_copies c
   WHERE c.backup_id = b.id AND c.state = 'completed' AND c.url LIKE 'file:%') AS location_local,
  (SELECT min(c.url || '/' || b.file_path) FROM backup_copies c
   WHERE c.backup_id = b.id AND c.state = 'completed' AND c.url LIKE 's3:%') AS location_s3,
  s.name AS status,
  b.verified AS recovery_tested,
  coalesce(v.finished_at, b.verified_at) AS test_timestamp,
  v.restore_duration_seconds AS recovery_time_seconds,
  b.created_at,
  b.verified_at,
  b.purged_at,
  b.error_message
FROM backups b
JOIN job_statuses s ON s.id = b.status_id
LEFT JOIN LATERAL (
  SELECT finished_at, restore_duration_seconds FROM verifications
  WHERE backup_id = b.id AND level <> 'checksum'
  ORDER BY finished_at DESC, id DESC LIMIT 1
) v ON true;
COMMENT ON VIEW backup_logs IS 'One row a backup';
