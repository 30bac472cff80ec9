#include "wal/archiver.hpp"

#include <algorithm>

namespace bkp::wal {

namespace {

std::optional<util::Time> time_at(const pg::Result& row, int column) {
  if (row.is_null(0, column)) return std::nullopt;
  return util::parse_time(row.text(0, column));
}

/// pg_monitor may, others not.
std::optional<std::int64_t> count_waiting(pg::Connection& server) {
  const auto may = server.exec(
      "select has_function_privilege('pg_catalog.pg_ls_archive_statusdir()', 'execute')");
  if (!may.boolean(0, 0)) return std::nullopt;
  return server
      .exec("select count(*) from pg_catalog.pg_ls_archive_statusdir() where name like '%.ready'")
      .integer(0, 0);
}

}  // namespace

bool Archiver::failing() const {
  return last_failed_at && (!last_archived_at || *last_failed_at > *last_archived_at);
}

std::optional<std::chrono::seconds> Archiver::lag(util::Time now) const {
  std::optional<std::chrono::seconds> since;
  if (last_archived_at) {
    since = std::max(std::chrono::seconds{0},
                     std::chrono::duration_cast<std::chrono::seconds>(now - *last_archived_at));
  }
  const bool idle = waiting == 0 && !failing() && timeout.count() > 0;
  if (!idle) return since;
  return since ? std::min(*since, timeout) : timeout;
}

Archiver ask_archiver(pg::Connection& server) {
  const auto row = server.exec(
      "select current_setting('archive_mode'), current_setting('archive_command'), "
      "pg_catalog.pg_is_in_recovery(), coalesce(last_archived_wal, ''), "
      "to_char(last_archived_time at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
      "coalesce(last_failed_wal, ''), "
      "to_char(last_failed_time at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), "
      "failed_count, "
      "(select setting::bigint from pg_catalog.pg_settings where name = 'archive_timeout'), "
      "(select setting::bigint from pg_catalog.pg_settings where name = 'wal_segment_size') "
      "from pg_catalog.pg_stat_archiver");
  Archiver archiver;
  archiver.mode = row.text(0, 0);
  archiver.command = row.text(0, 1);
  archiver.in_recovery = row.boolean(0, 2);
  archiver.last_archived = row.text(0, 3);
  archiver.last_archived_at = time_at(row, 4);
  archiver.last_failed = row.text(0, 5);
  archiver.last_failed_at = time_at(row, 6);
  archiver.failed_count = row.integer(0, 7);
  archiver.timeout = std::chrono::seconds{row.integer(0, 8)};
  archiver.segment_size = static_cast<pg::WalSegmentSize>(row.integer(0, 9));
  archiver.waiting = count_waiting(server);
  return archiver;
}

}  // namespace bkp::wal
