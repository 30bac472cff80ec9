#include "report/runbook_publish.hpp"

#include <algorithm>
#include <chrono>

#include "backup/site_file.hpp"
#include "report/page_checksum.hpp"
#include "report/runbook.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

using util::Error;
using util::ErrorKind;

// Runs `body`; an error becomes a warning, unless it is the end of the run.
template <class Body>
void attempt(run::Context& context, PublishedRunbook& result, const std::string& place,
             Body&& body) {
  try {
    body();
    result.places.push_back(place);
  } catch (...) {
    const Error error = util::current_error();
    if (error.kind() == ErrorKind::interrupted) throw error;
    result.failures.push_back("the runbook was not written to " + util::printable(place) + ": " +
                              error.full_message());
    context.warn(result.failures.back());
  }
}

const RunbookDatabase* database_of(const RunbookModel& model, const std::string& label) {
  const auto found = std::ranges::find_if(model.databases, [&](const RunbookDatabase& database) {
    return database.newest && database.newest->manifest.label == label;
  });
  return found == model.databases.end() ? nullptr : &*found;
}

void publish_to_store(run::Context& context, const RunbookModel& model, const std::string& page,
                      const std::vector<std::string>& labels, const run::NamedStore& target,
                      PublishedRunbook& result) {
  const backup::Layout layout{model.site};
  auto& store = *target.store;
  try {
    backup::require_site_file(store, layout, "");
  } catch (const Error& error) {
    attempt(context, result, store.url(), [&] { throw error; });
    return;
  }
  for (const auto& label : labels) {
    const RunbookDatabase* database = database_of(model, label);
    if (database == nullptr) continue;
    const auto& holders = database->newest->stores;
    if (std::ranges::find(holders, target.name) == holders.end()) continue;
    const auto key = layout.part(label, "runbook.html");
    attempt(context, result, store.url() + "/" + key.text(), [&] {
      if (context.dry_run || store.stat(key)) return;
      const auto about_it = render_runbook(for_database(model, database->name));
      store::put_text(store, key, with_checksum(about_it, key));
    });
  }
  const auto key = layout.runbook();
  attempt(context, result, store.url() + "/" + key.text(), [&] {
    if (context.dry_run) return;
    store::replace_text(store, key, page);
  });
}

}  // namespace

PublishedRunbook publish_runbook(run::Context& context, const RunbookModel& model,
                                 const std::vector<std::string>& labels) {
  PublishedRunbook result;
  const auto page = with_checksum(render_runbook(model), backup::Layout{model.site}.runbook());
  const auto opened = context.open_stores();
  for (const auto& failure : opened.failures) {
    attempt(context, result, failure.url, [&] { throw failure.error; });
  }
  for (const auto& target : opened.stores) {
    publish_to_store(context, model, page, labels, target, result);
  }
  if (const auto& path = context.config.runbook.path) {
    attempt(context, result, path->string(), [&] {
      if (!context.dry_run) util::write_file_atomically(*path, page);
    });
  }
  return result;
}

void renew_runbook(run::Context& context, const std::vector<std::string>& labels) {
  try {
    publish_runbook(context, build_runbook_model(context), labels);
  } catch (...) {
    const Error error = util::current_error();
    if (error.kind() == ErrorKind::interrupted) throw error;
    context.warn("the runbook was not renewed: " + error.full_message());
  }
}

std::optional<std::string> runbook_staleness(store::Store& store, const backup::Layout& layout,
                                             const std::string& label, util::Time completed_at) {
  const auto page = store.stat(layout.runbook());
  if (!page) return "is missing";
  // Some stores tell times in whole seconds.
  if (page->modified < std::chrono::floor<std::chrono::seconds>(completed_at))
    return "is older than the newest backup, " + label;
  return std::nullopt;
}

}  // namespace bkp::report
