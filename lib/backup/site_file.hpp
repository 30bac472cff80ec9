#pragma once

#include <optional>
#include <string>

#include "backup/layout.hpp"
#include "run/context.hpp"
#include "store/store.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// SITE/site.json: what `bkp init` leaves on a store, so that a run knows it found the right store
/// (and not the empty mount point of one). {"format": "bkp-site", "format_version": 1, "site",
/// "system_identifier", "created_at", "sha256"}; the last is of the others, as JSON without white
/// space and with sorted keys.
struct SiteFile {
  std::string site;
  std::string system_identifier;  ///< of the cluster, decimal; empty where the role could not ask
  util::Time created_at;
};

/// nullopt when there is none; Error{damaged} when it is no valid site file.
std::optional<SiteFile> read_site_file(store::Store& store, const Layout& layout);
void write_site_file(store::Store& store, const Layout& layout, const SiteFile& file);
/// The same in the place of the one that is there.
void replace_site_file(store::Store& store, const Layout& layout, const SiteFile& file);

/// Throws Error{store} when the store has no site file, Error{refused} when it belongs to another
/// cluster (an empty identifier on either side matches).
void require_site_file(store::Store& store, const Layout& layout,
                       const std::string& system_identifier);

/// The stores of the configuration that answer and hold the site. One that does not, as an empty
/// mount point, is among the failures. Throws Error{interrupted}.
run::OpenedStores open_stores_of_site(const run::Context& context);

}  // namespace bkp::backup
