#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "status/site_status.hpp"

namespace bkp::status {

/// Of the runs of the last 30 days whose failures matter: those that failed since the last run
/// about the same that succeeded. Throws DatabaseError.
std::vector<Failures> failures_in(catalog::Catalog& catalog, Time now);

/// "verify --all": a command and its arguments without those that every command has, so that a run
/// by a schedule and one by hand are the same.
std::string command_line(const std::string& command, const std::vector<std::string>& arguments);

/// What a run is about: its command line, but for how many of the assets were read.
std::string subject_of(const std::string& command, std::vector<std::string> arguments);

}  // namespace bkp::status
