#include "physical/backup_session.hpp"

#include <charconv>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::physical {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int first_with_new_names = 150000;
constexpr std::string_view incremental_line = "INCREMENTAL FROM ";

pg::Lsn lsn_of(std::string_view text) {
  if (const auto lsn = pg::parse_lsn(text)) return *lsn;
  throw Error{ErrorKind::internal, fmt::format("{} is no LSN", util::quoted(text))};
}

}  // namespace

BackupSession::BackupSession(const pg::Conninfo& cluster, const util::Interrupt& interrupt)
    : m_connection{pg::Connection::open(cluster, interrupt)} {
  // It waits for hours while files are read.
  m_connection.exec("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0");
  m_connection.exec(
      "select set_config(name, '0', false) from pg_catalog.pg_settings "
      "where name = 'idle_session_timeout'");
  const bool on_standby = m_connection.exec("select pg_catalog.pg_is_in_recovery()").boolean(0, 0);
  const std::string mode{m_connection.exec("select current_setting('archive_mode')").single()};
  if (mode == "off" && !on_standby) {
    throw Error{ErrorKind::refused,
                "the server does not archive its WAL, without which a base backup is worth nothing",
                "`bkp wal-setup` sets it up"};
  }
}

pg::Lsn BackupSession::start(const std::string& label) {
  const bool renamed = m_connection.server_version() >= first_with_new_names;
  const auto* statement = renamed ? "select pg_catalog.pg_backup_start($1, true)"
                                  : "select pg_catalog.pg_start_backup($1, true, false)";
  return lsn_of(m_connection.exec(statement, {"bkp " + label}).single());
}

BackupSession::Stopped BackupSession::stop() {
  const bool renamed = m_connection.server_version() >= first_with_new_names;
  const auto row = m_connection.exec(
      fmt::format("select lsn, labelfile, spcmapfile from pg_catalog.{}",
                  renamed ? "pg_backup_stop(false)" : "pg_stop_backup(false, false)"));
  return {lsn_of(row.text(0, 0)), now(), std::string{row.text(0, 1)}, std::string{row.text(0, 2)}};
}

util::Time BackupSession::now() {
  const auto row = m_connection.exec(
      "select to_char(clock_timestamp() at time zone 'UTC', "
      "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
  return util::parse_time(row.single());
}

BackupLabel parse_backup_label(std::string_view text) {
  constexpr std::string_view start = "START WAL LOCATION: ";
  constexpr std::string_view timeline = "START TIMELINE: ";
  BackupLabel label;
  for (auto line : util::split_lines(text)) {
    if (line.starts_with(start)) {
      line.remove_prefix(start.size());
      if (const auto lsn = pg::parse_lsn(line.substr(0, line.find(' ')))) label.start = *lsn;
    } else if (line.starts_with(timeline)) {
      line.remove_prefix(timeline.size());
      std::from_chars(line.data(), line.data() + line.size(), label.timeline);
    }
  }
  if (label.start.value == 0 || label.timeline == 0) {
    throw Error{ErrorKind::damaged, "the backup_label does not say where recovery begins"};
  }
  return label;
}

std::string incremental_label_lines(pg::Lsn start_before, std::uint32_t timeline_before) {
  return fmt::format("{}LSN: {}\n{}TLI: {}\n", incremental_line, pg::to_text(start_before),
                     incremental_line, timeline_before);
}

std::string without_incremental_lines(std::string_view label) {
  std::string text;
  for (const auto line : util::split_lines(label)) {
    if (!line.starts_with(incremental_line)) text.append(line).append("\n");
  }
  return text;
}

}  // namespace bkp::physical
