#pragma once

namespace bkp::bench {

/// `list` and `prune --dry-run` with 100,000 backups, and how soon each command first turns to a
/// server.
void catalog_figures(int runs);

}  // namespace bkp::bench
