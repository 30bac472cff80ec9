#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "report/runbook_model.hpp"
#include "util/environment.hpp"

namespace bkp::report {

/// What the configuration names beside the stores, and what of it the page can hold because it is
/// no secret.

/// Where a host that has no identity gets one for a restore.
inline constexpr auto identity_for_restores = "/etc/bkp/identity.txt";

/// The files that must come back with the configuration on a new host.
std::vector<RunbookFile> needed_files(const config::Config& config);

/// The keys whose signatures are believed, with the files that they are written to; that of the
/// signing key, where it is not trusted by a file of its own, gets one. Throws Error{key}.
std::vector<seal::PublicKeyText> public_keys_for_new_host(const config::Config& config);

/// The configuration with the files of `keys` as what is trusted, so that backups can be read where
/// the signing key is lost.
config::Config for_new_host(const config::Config& config,
                            const std::vector<seal::PublicKeyText>& keys);

/// The lines of known_hosts for an sftp store's host; empty for other stores, and where there are
/// none.
std::string host_key_lines(const config::Store& store, const util::Environment& environment);

}  // namespace bkp::report
