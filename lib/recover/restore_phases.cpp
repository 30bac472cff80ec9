#include "recover/restore_phases.hpp"

#include <algorithm>

namespace bkp::recover {

namespace {

constexpr int k_pre_data = 2;

bool is_privilege(const pg::ArchiveEntry& entry) {
  return entry.description.starts_with("ACL") || entry.description == "DEFAULT ACL";
}

}  // namespace

RestorePhases restore_phases(const std::vector<pg::ArchiveEntry>& entries,
                             const std::vector<int>& only) {
  const std::set<int> chosen{only.begin(), only.end()};
  std::set<int> data;
  for (const auto& entry : entries) {
    if (entry.is_table_data()) data.insert(entry.dump_id);
  }
  const auto waits_for_data = [&](const pg::ArchiveEntry& entry) {
    return std::ranges::any_of(entry.dependencies, [&](int id) { return data.contains(id); });
  };
  RestorePhases phases;
  for (const auto& entry : entries) {
    if (!chosen.empty() && !chosen.contains(entry.dump_id)) continue;
    if (entry.is_table_data() && !waits_for_data(entry)) {
      phases.tables.insert(entry.dump_id);
    } else if (entry.section == k_pre_data && !is_privilege(entry)) {
      phases.definitions.push_back(entry.dump_id);
    } else {
      phases.rest.push_back(entry.dump_id);
    }
  }
  return phases;
}

}  // namespace bkp::recover
