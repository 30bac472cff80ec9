#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/runbook_model.hpp"

namespace bkp::report {

/// How the runbook's commands name identities and public keys, as text for a shell
/// (command_text.hpp), and what the page says of them.

/// " OPTION FILE" for each identity file.
std::string identity_options(const RunbookModel& model, std::string_view option);
/// For a command that opens the backup on a host whose configuration names no identity.
std::string with_identity(const RunbookModel& model, const RunbookBackup& backup);
/// The same for what the site seals from now on.
std::string with_identity_of_site(const RunbookModel& model);

/// Where commands without configuration have the public keys, as words of a shell: nobody else can
/// write there.
std::vector<std::string> public_key_files(const RunbookModel& model);
/// Writes them there, so that the page is enough; the keys are no secret. What follows is run only
/// when that could be done. Empty where there are none.
std::string write_public_keys(const RunbookModel& model);
/// Writes them to the files that the configuration names; likewise.
std::string install_public_keys(const RunbookModel& model);

/// In words, not yet escaped: for whom the newest backups are sealed, and what opens them.
std::string encryption_text(const RunbookModel& model);
/// Identities that are on the host for the restore alone.
std::vector<std::string> lent_identities(const RunbookModel& model);

}  // namespace bkp::report
