#pragma once

#include <string>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// How the runbook reaches stores that are elsewhere, as text for a shell: see command_text.hpp.

/// What stands before a program that takes the credentials of an S3 store from the environment, as
/// bkp and AWS's own client do: "AWS_SHARED_CREDENTIALS_FILE=… AWS_PROFILE=… ". Empty where it
/// needs nothing, or where nobody but the operator can say it.
std::string credentials_before(const RunbookStore& store);

/// In words: what opens the store.
std::string credentials_text(const RunbookStore& store);

/// The options of a bkp that has no configuration: "--store URL --site NAME …".
std::string store_options(const RunbookModel& model, const RunbookStore& store);

/// Lets `directory` have the files below `objects`, a key of the store. What is in a store that is
/// a directory is not copied: a link leads there.
std::string fetch_command(const RunbookStore& store, const std::string& objects,
                          const std::string& directory);

/// Adds the keys of the store's host to known_hosts; empty where none is known.
std::string host_keys_command(const RunbookStore& store);

}  // namespace bkp::report
