#pragma once

#include <string_view>

#include "config/config.hpp"

namespace bkp::wal {

/// Whether a file of the WAL counts as archived only once this store has it, so that the store is
/// sure to have all of the archive. Where none is required, the first one is.
bool is_required(const config::Config& config, std::string_view store);

}  // namespace bkp::wal
