#pragma once

#include <string>
#include <vector>

#include "config/assets.hpp"
#include "run/context.hpp"

namespace bkp::assets {

/// A file that the site's database knows.
struct Asset {
  std::string path;
  std::string id;      ///< what the database calls it; empty: the query does not say
  std::string sha256;  ///< 64 lower-case digits; empty: the database has none
};

struct AssetList {
  std::vector<Asset> assets;       ///< by path (bytes), each path once
  std::vector<std::string> notes;  ///< what is odd about the rows
  std::size_t unusable = 0;  ///< rows without a path or with a checksum that is none, and paths
                             ///< whose rows contradict each other
};

/// What the section's query gives, in a transaction that only reads. A checksum may be text or
/// bytea, in either case of letters; where rows of a path contradict each other it is taken for
/// unknown. Throws Error{database}; Error{config} for a query without the columns; Error{refused}
/// for more rows than fit.
AssetList list_assets(run::Context& context, const config::AssetSection& section);

}  // namespace bkp::assets
