#pragma once

#include <string>

#include "report/runbook_commands.hpp"
#include "report/runbook_model.hpp"

namespace bkp::report {

/// Commands of stock tools for the files of one backup.

/// From every store that has it, in the order in which a restore would ask them. Where there is one
/// and it is a directory, it is read as it is.
FetchCommands parts_of(const RunbookModel& model, const RunbookBackup& backup);

/// Writes what a part holds to stdout.
std::string unpack(const RunbookModel& model, const std::string& directory,
                   const backup::Part& part);

/// The signature of a manifest, checked by stock tools: one of the keys must have made it. Empty
/// where nothing is signed.
std::string signature_command(const RunbookModel& model, const std::string& directory);

/// The sums of the manifest, held against the files.
std::string sums_command(const std::string& directory, const backup::Manifest& manifest);

}  // namespace bkp::report
