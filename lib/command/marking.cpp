#include "command/marking.hpp"

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "backup/marks.hpp"
#include "backup/site_file.hpp"
#include "util/text.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

Marked mark_everywhere(run::Context& context, const std::string& label, std::string_view kind,
                       util::Time at, const nlohmann::json& details) {
  const backup::Layout layout{context.config.site};
  auto opened = backup::open_stores_of_site(context);
  Marked marked;
  std::vector<Error> failures;
  std::string failed_stores;
  const auto fail = [&](const std::string& store, const Error& error) {
    failures.push_back(error);
    failed_stores += (failed_stores.empty() ? "" : ", ") + store;
    context.warn(
        fmt::format("store {} could not be marked: {}", util::quoted(store), error.full_message()));
  };
  for (const auto& failure : opened.failures) fail(failure.name, failure.error);
  for (const auto& [name, required, store] : opened.stores) {
    try {
      if (!store->stat(layout.manifest(label))) continue;
      if (!context.dry_run) backup::write_mark(*store, layout, label, kind, at, details);
      marked.stores.push_back(name);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      fail(name, error);
    }
  }
  if (marked.stores.empty() && !failures.empty()) throw failures.front();
  if (marked.stores.empty()) {
    throw Error{ErrorKind::not_found, fmt::format("no store has backup {}", util::quoted(label)),
                "`bkp show` names the stores it should be on"};
  }
  if (!failures.empty()) {
    marked.failure = Error{ErrorKind::partial,
                           fmt::format("{} is not marked on every store: {} failed",
                                       util::printable(label), failed_stores),
                           "run it again when they are back"};
  }
  return marked;
}

}  // namespace bkp::command
