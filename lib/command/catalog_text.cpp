#include "command/catalog_text.hpp"

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::command {

std::string to_text(const catalog::MigrationOutcome& outcome, const std::string& schema,
                    bool dry_run) {
  const auto name = util::quoted(schema);
  std::string text;
  if (outcome.database_created) {
    text += dry_run ? "catalog: would create the database\n" : "catalog: created the database\n";
  }
  if (outcome.applied.empty()) {
    text +=
        fmt::format("catalog: schema {} is up to date (version {})\n", name, outcome.to_version);
  } else if (outcome.from_version == 0) {
    text += fmt::format("catalog: {} schema {} (version {})\n",
                        dry_run ? "would create" : "created", name, outcome.to_version);
  } else {
    text += fmt::format("catalog: {} schema {} from version {} to {}\n",
                        dry_run ? "would bring" : "brought", name, outcome.from_version,
                        outcome.to_version);
  }
  for (const auto& notice : outcome.notices) text += "catalog: " + notice + "\n";
  return text;
}

nlohmann::json to_json(const catalog::MigrationOutcome& outcome, const std::string& schema) {
  return {{"schema", schema},
          {"database_created", outcome.database_created},
          {"from_version", outcome.from_version},
          {"to_version", outcome.to_version},
          {"applied", outcome.applied},
          {"notices", outcome.notices}};
}

}  // namespace bkp::command
