#pragma once

#include <filesystem>
#include <optional>

#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// The data directory of the server at the other end, when it is on this host and can be read:
/// where the configuration or the server says, and of the very server that answers (its
/// postmaster.pid has the time at which that was started). nullopt otherwise, with a warning where
/// the configuration names it and else a debug line.
std::optional<std::filesystem::path> local_data_directory(run::Context& context,
                                                          pg::Connection& server);

}  // namespace bkp::physical
