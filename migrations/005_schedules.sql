-- What schedules need beyond their table: how late a missed run may still begin, by how much runs
-- may be spread, and which run began for which.

ALTER TABLE backup_schedules
  ADD COLUMN jitter INTERVAL NOT NULL DEFAULT '0' CHECK (jitter BETWEEN '0' AND '366 days'),
  ADD COLUMN catch_up INTERVAL NOT NULL DEFAULT '7 days'
    CHECK (catch_up BETWEEN '0' AND '366 days');
COMMENT ON COLUMN backup_schedules.jitter IS 'A run begins up to so much later, by chance';
COMMENT ON COLUMN backup_schedules.catch_up IS 'A run that was missed may begin so much later';
COMMENT ON COLUMN backup_schedules.command IS 'A command of bkp with its arguments, as in a shell';
COMMENT ON COLUMN backup_schedules.destination IS 'The store it is for; null: those it is for anyway';
COMMENT ON COLUMN backup_schedules.retention_policy_json IS
  'What prune goes by, in place of the store''s own policy';
COMMENT ON COLUMN backup_schedules.last_run_at IS 'When the last run was due';
COMMENT ON COLUMN backup_schedules.next_run_at IS
  'When the next one begins; null: to be worked out by schedule run-due';

-- Whoever changes when it is due need not work out the rest.
CREATE FUNCTION trigger_forget_next_run_at() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.next_run_at IS NOT DISTINCT FROM OLD.next_run_at THEN
    NEW.next_run_at := NULL;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER forget_next_run_at BEFORE UPDATE OF schedule, time_zone, enabled ON backup_schedules
  FOR EACH ROW
  WHEN ((OLD.schedule, OLD.time_zone, OLD.enabled)
        IS DISTINCT FROM (NEW.schedule, NEW.time_zone, NEW.enabled))
  EXECUTE FUNCTION trigger_forget_next_run_at();

ALTER TABLE runs
  ADD COLUMN schedule_id BIGINT
    REFERENCES backup_schedules (id) ON DELETE SET NULL ON UPDATE CASCADE,
  ADD COLUMN due_at TIMESTAMPTZ;
COMMENT ON COLUMN runs.schedule_id IS 'The schedule it began for';
COMMENT ON COLUMN runs.due_at IS 'When it was due';
CREATE INDEX idx_runs_schedule_id ON runs (schedule_id, id) WHERE schedule_id IS NOT NULL;
