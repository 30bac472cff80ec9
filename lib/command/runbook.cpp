#include "command/runbook.hpp"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "report/runbook.hpp"
#include "report/runbook_publish.hpp"
#include "run/lock.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::command {

namespace {

using util::Error;
using util::ErrorKind;

cli::Report write_out(const std::string& out, const std::string& page,
                      const run::Context& context) {
  cli::Report report;
  report.bytes = page.size();
  if (out == "-") {
    report.text = page;
    report.text_is_document = true;
    report.result = {{"places", nlohmann::json::array()}, {"html", page}};
    return report;
  }
  if (!context.dry_run) util::write_file_atomically(out, page);
  report.result = {{"places", {std::filesystem::absolute(out).string()}}};
  report.text =
      fmt::format("{}: {}\n", context.dry_run ? "would write" : "written", util::printable(out));
  return report;
}

// Which stores' pages were behind, for a dry run and for the JSON.
nlohmann::json stale_pages(run::Context& context, const report::RunbookModel& model) {
  auto result = nlohmann::json::array();
  const auto* newest = model.newest();
  if (newest == nullptr) return result;
  const backup::Layout layout{model.site};
  for (const auto& [name, required, store] : context.open_stores().stores) {
    if (const auto reason = report::runbook_staleness(*store, layout, newest->manifest.label,
                                                      newest->manifest.completed_at)) {
      result.push_back({{"store", name}, {"reason", *reason}});
    }
  }
  return result;
}

cli::Report renew(run::Context& context, const report::RunbookModel& model) {
  std::optional<run::SiteLock> lock;
  if (!context.dry_run)
    lock.emplace(context, run::LockName::write, run::LockMode::exclusive, "runbook");
  cli::Report report;
  const auto stale = stale_pages(context, model);
  const auto published = report::publish_runbook(context, model, {});
  report.result = {{"places", published.places}, {"stale", stale}};
  for (const auto& page : stale) {
    report.text += fmt::format("the page on store {} {}\n", page["store"].get<std::string>(),
                               page["reason"].get<std::string>());
  }
  for (const auto& place : published.places) {
    report.text += fmt::format("{}: {}\n", context.dry_run ? "would renew" : "renewed",
                               util::printable(place));
  }
  if (!published.failures.empty()) {
    report.error = Error{published.places.empty() ? ErrorKind::store : ErrorKind::partial,
                         published.failures.front(),
                         "mend the store or runbook.path and run bkp runbook again; a page can be "
                         "had at once with bkp runbook --out FILE"};
  }
  return report;
}

}  // namespace

void define(CLI::App& app, RunbookOptions& options) {
  app.add_option("--out", options.out,
                 "write the page to this file only, - for standard output; without it the page is "
                 "renewed on every store and at runbook.path")
      ->type_name("FILE");
}

cli::Report run(const RunbookOptions& options, run::Context& context) {
  const bool to_file = !options.out.empty() && options.out != "-";
  if (to_file && !context.dry_run) util::require_writable(options.out);
  const auto model = report::build_runbook_model(context);
  for (const auto& problem : model.problems) context.warn(problem);
  if (!options.out.empty()) return write_out(options.out, report::render_runbook(model), context);
  return renew(context, model);
}

}  // namespace bkp::command
