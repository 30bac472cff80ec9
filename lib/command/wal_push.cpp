#include "command/wal_push.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"
#include "wal/push_ahead.hpp"
#include "wal/pushing.hpp"
#include "wal/source_file.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

namespace {

nlohmann::json to_json(const wal::PushedFile& file) {
  auto copies = nlohmann::json::array();
  for (const auto& copy : file.copies) {
    copies.push_back({{"store", copy.store},
                      {"state", wal::to_text(copy.state)},
                      {"error", copy.error ? copy.error->full_message() : ""}});
  }
  return {{"name", file.name},
          {"original_bytes", file.original_bytes},
          {"stored_bytes", file.stored_bytes},
          {"noted", file.noted},
          {"archived", !file.failure},
          {"copies", std::move(copies)}};
}

void warn_of_optional(const wal::PushedFile& file, run::Context& context) {
  for (const auto& copy : file.copies) {
    if (!copy.error || copy.required) continue;
    context.warn(
        fmt::format("{} is not on the optional store {}, which is passed over for a "
                    "minute: {}; `bkp wal-check` brings it there later",
                    file.name, util::quoted(copy.store), copy.error->full_message()));
  }
}

void check_only(const std::filesystem::path& path, run::Context& context) {
  const wal::SourceFile file{path};
  file.require_sound(wal::source_cluster(file, context.config));
}

}  // namespace

void define(CLI::App& app, WalPushOptions& options) {
  app.add_option("PATH", options.path, "the file, as %p of archive_command")->required();
  app.add_flag("--ahead", options.ahead,
               "archive what waits behind PATH for later runs; started by wal-push itself");
}

cli::Report run(const WalPushOptions& options, run::Context& context) {
  cli::Report report;
  if (context.dry_run) {
    check_only(options.path, context);
    context.log.info("{} is sound and would be archived", util::quoted(options.path));
    return report;
  }
  if (options.ahead) {
    wal::PushAhead{context}.run_after(options.path);
    return report;
  }
  const auto files = wal::push(context, options.path);
  const auto& asked = files.front();
  warn_of_optional(asked, context);
  auto along = nlohmann::json::array();
  for (std::size_t i = 1; i < files.size(); ++i) along.push_back(to_json(files[i]));
  for (const auto& file : files) {
    if (!file.failure) report.bytes += file.stored_bytes;
    context.log.debug("{}: {}", file.name,
                      file.failure ? file.failure->full_message()
                      : file.noted ? "was archived by an earlier run"
                                   : "archived");
  }
  report.result = {{"file", to_json(asked)}, {"taken_along", std::move(along)}};
  report.error = asked.failure;
  return report;
}

}  // namespace bkp::command
