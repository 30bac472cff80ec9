#include "command/wal_fetch.hpp"

#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "pg/wal_name.hpp"
#include "run/state.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/archive_reader.hpp"
#include "wal/read_ahead.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

pg::WalFile require_wal_name(const std::string& name) {
  if (const auto file = pg::parse_wal_name(name, pg::smallest_wal_segment)) return *file;
  throw Error{ErrorKind::usage,
              fmt::format("{} is not the name of a file of the WAL", util::quoted(name)),
              "as restore_command: bkp wal-fetch %f %p"};
}

/// Of the server that recovers, which starts this in its data directory; elsewhere nullopt.
std::optional<pg::ControlFile> recovering_cluster() {
  std::error_code unknown;
  if (!std::filesystem::exists("global/pg_control", unknown)) return std::nullopt;
  return pg::read_control_file(".");
}

Error not_archived(const std::string& name, std::string why) {
  return {ErrorKind::not_found, fmt::format("{} is not in the archive", name), std::move(why)};
}

/// Names of one timeline sort as their segments do; of another timeline nothing is held back.
bool is_after(const std::string& name, const std::string& until) {
  constexpr std::size_t timeline_digits = 8;
  return !until.empty() && name.substr(0, timeline_digits) == until.substr(0, timeline_digits) &&
         name > until;
}

/// What ReadAhead::start_after() has asked for.
void fetch_ahead(const WalFetchOptions& options, run::Context& context) {
  const auto colon = options.ahead.find(':');
  std::uint64_t size = 0;
  std::uint64_t cluster = 0;
  const auto* begin = options.ahead.data();
  const auto* end = begin + options.ahead.size();
  const bool numbers = colon != std::string::npos &&
                       std::from_chars(begin, begin + colon, size).ptr == begin + colon &&
                       std::from_chars(begin + colon + 1, end, cluster).ptr == end;
  if (!numbers || !pg::is_wal_segment_size(size)) {
    throw Error{ErrorKind::usage, fmt::format("--ahead takes no {}", util::quoted(options.ahead)),
                "it is for wal-fetch itself"};
  }
  wal::ReadAhead{context, cluster, reading_keys(options.keys, context)}.run_after(
      options.name, static_cast<pg::WalSegmentSize>(size));
}

}  // namespace

int restore_command_exit_code(const Error& error) {
  constexpr int not_in_archive = 1;
  constexpr int failed = 126;
  switch (error.kind()) {
    case ErrorKind::not_found:
      return not_in_archive;
    case ErrorKind::interrupted:
      return error.exit_code();
    default:
      return failed;
  }
}

void define(CLI::App& app, WalFetchOptions& options) {
  app.add_option("NAME", options.name, "the file, as %f of restore_command")->required();
  app.add_option("DEST", options.destination, "where to put it, as %p of restore_command");
  define_identities(app, options.keys);
  app.add_option("--until", options.until, "answer as if the archive ended after this segment")
      ->type_name("SEGMENT");
  app.add_option(
         "--ahead", options.ahead,
         "fetch the segments of BYTES that follow NAME for later runs; started by wal-fetch "
         "itself")
      ->type_name("BYTES");
}

cli::Report run(const WalFetchOptions& options, run::Context& context) {
  const auto file = require_wal_name(options.name);
  if (!options.until.empty()) require_wal_name(options.until);
  if (!options.ahead.empty()) {
    fetch_ahead(options, context);
    return {};
  }
  if (options.destination.empty()) {
    throw Error{ErrorKind::usage, "DEST is missing: where to put the file",
                "as restore_command: bkp wal-fetch %f %p"};
  }
  if (is_after(options.name, options.until)) {
    throw not_archived(options.name,
                       fmt::format("so says --until {}, where this recovery ends", options.until));
  }
  const auto cluster = recovering_cluster();
  // Whose segments they are must be known, to keep some for later.
  std::optional<wal::ReadAhead> ahead;
  if (cluster && options.until.empty() && !context.dry_run)
    ahead.emplace(context, cluster->system_identifier, reading_keys(options.keys, context));
  if (ahead && ahead->take(options.name, options.destination)) {
    context.log.debug("{} had been fetched ahead", options.name);
  } else {
    wal::ArchiveReader reader{context, cluster ? cluster->system_identifier : 0,
                              reading_keys(options.keys, context)};
    const std::filesystem::path destination =
        context.dry_run ? run::state_directory(context.config, "wal") / "dry-run"
                        : std::filesystem::path{options.destination};
    const bool found = reader.fetch_or_end(options.name, destination);
    if (context.dry_run) {
      std::filesystem::remove(destination);
      if (found) context.log.info("{} is in the archive, and good", options.name);
    }
    if (!found) {
      if (ahead) ahead->clear();
      throw not_archived(options.name,
                         "nothing that must follow it is there either: as far as "
                         "can be told the archive ends before it");
    }
  }
  if (context.dry_run) return {};
  cli::Report report;
  report.bytes = std::filesystem::file_size(options.destination);
  report.result = {{"name", options.name}, {"bytes", report.bytes}};
  if (ahead && file.kind == pg::WalFileKind::segment && pg::is_wal_segment_size(report.bytes))
    ahead->start_after(options.name, static_cast<pg::WalSegmentSize>(report.bytes));
  return report;
}

}  // namespace bkp::command
