#include "report/page_assets.hpp"

#include <utility>

#include <fmt/format.h>

#include "report/command_text.hpp"
#include "report/page_data.hpp"
#include "report/runbook_programs.hpp"

namespace bkp::report {

using kainjow::mustache::data;

namespace {

/// Rows as sha256sum(1) reads them; bytea begins with \x.
std::string by_hand(const RunbookModel& model, const config::AssetSection& section) {
  const auto sql = fmt::format(
      "SELECT replace(sha256::text, '\\x', '') || '  ' || path FROM ({}) AS asset "
      "WHERE sha256 IS NOT NULL",
      section.sql);
  return fmt::format("{} -At{} |\n  (cd {} && sha256sum --check --quiet)",
                     psql(model, section.database), statements({sql}),
                     shell_word(section.root.string()));
}

}  // namespace

void add_assets(data& page, const RunbookModel& model) {
  page["has_assets"] = flag(!model.assets.empty());
  data list{data::type::list};
  for (const auto& section : model.assets) {
    data entry;
    entry["name"] = shown(section.name);
    entry["root"] = shown(section.root.string());
    entry["database"] = shown(section.database);
    Blocks blocks{entry, "assets-" + section.name};
    const auto check = "assets-check " + shell_word(section.name);
    blocks.add("look", "look", model.os_user, bkp(model, check + " --share 0%"));
    blocks.add("read", "read", model.os_user, bkp(model, check + " --all"));
    blocks.add("faults", "faults", model.os_user, bkp(model, check + " --faults"));
    blocks.add("by_hand", "stock", model.os_user, by_hand(model, section));
    list << entry;
  }
  page["assets"] = std::move(list);
}

}  // namespace bkp::report
