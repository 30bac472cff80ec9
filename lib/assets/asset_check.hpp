#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assets/asset_file.hpp"
#include "catalog/records.hpp"
#include "config/assets.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::assets {

/// What one run has found of a section. Counts are of files.
struct SectionCheck {
  std::string name;
  std::uint64_t listed = 0;            ///< the database has them
  std::uint64_t read = 0;              ///< contents compared by this run
  std::uint64_t bytes = 0;             ///< of them
  std::uint64_t without_checksum = 0;  ///< the database has none: only that they are there is known
  std::uint64_t unusable = 0;          ///< rows that say too little of a file to check it
  std::uint64_t never_read = 0;        ///< contents never compared yet, by any run, that could be
  std::optional<util::Time> oldest;    ///< when the contents were compared that were so longest ago
  std::vector<catalog::AssetCheck> faults;  ///< by path
  std::vector<std::string> notes;
  std::optional<util::Error> error;  ///< why it could not be checked, or not to the end

  std::uint64_t count(AssetState state) const;
};

struct CheckRequest {
  bool all = false;             ///< read every file, not the night's share
  std::optional<double> share;  ///< in place of the section's
};

/// Looks whether each file of the section is there, and reads the night's share of them: those
/// first that were read longest ago, and those beside that were at fault when they were last looked
/// at. What it finds goes to the catalog bit by bit, so that a run that is killed has done its
/// part. Without a catalog it is not known what was read when: then the share begins where the day
/// of the year says. Throws Error{interrupted} only; everything else is in `error`.
SectionCheck check_assets(run::Context& context, const config::AssetSection& section,
                          const CheckRequest& request);

/// Forgets, in the catalog, sections that are no more in the configuration.
void forget_other_sections(run::Context& context);

}  // namespace bkp::assets
