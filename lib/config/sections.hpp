#pragma once

#include "config/config.hpp"
#include "config/parse.hpp"
#include "config/rules.hpp"
#include "config/section.hpp"
#include "util/environment.hpp"
#include "util/process.hpp"

namespace bkp::config {

/// Each reads one top-level section of a file that passed check_against_rules() into its part of
/// the Config and checks ranges and meaning. Errors: Error{config} naming file, line and key.

/// What connection strings are read with.
struct ConnectionSeams {
  const util::Environment& environment;  ///< secrets come from here
  util::ProcessRunner& processes;        ///< and from these
  Connections connections = Connections::read;
};

std::string read_site(const Section& top);
Cluster read_cluster(const Section& top, const ConnectionSeams& seams);
Catalog read_catalog(const Section& top, const ConnectionSeams& seams);
Databases read_databases(const Section& top);
std::vector<Store> read_stores(const Section& top);
RetentionPolicy read_retention(const Section& section);
Compression read_compression(const Section& top);
Encryption read_encryption(const Section& top);
Signing read_signing(const Section& top);
Limits read_limits(const Section& top);
Full read_full(const Section& top);
Incremental read_incremental(const Section& top);
Wal read_wal(const Section& top);
Verify read_verify(const Section& top);
Recover read_recover(const Section& top, const util::Environment& environment);
Objectives read_objectives(const Section& top);
Status read_status(const Section& top);
std::vector<ExportSection> read_export_sections(const Section& top, const Encryption& encryption);
std::vector<AssetSection> read_assets(const Section& top);
Notify read_notify(const Section& top, const ConnectionSeams& seams);
/// The defaults where the file has none.
std::vector<Schedule> read_schedules(const Section& top, const std::vector<Store>& stores);
Runbook read_runbook(const Section& top);

/// What a store of read_stores() needs beyond its URL.
s3::Options read_s3_options(const Section& section);
sftp::Options read_sftp_options(const Section& section);
/// Fails for a key of the store that a store of this scheme has no use for.
void require_keys_that_fit(const Section& section, std::string_view scheme);

/// For all of the above: a whole number between two bounds, or the default.
int read_int(const Section& section, std::string_view key, int fallback, int least, int most);
/// A duration of more than 0, a share of more than 0 %, or the default.
std::chrono::seconds positive_duration(const Section& section, std::string_view key,
                                       std::chrono::seconds fallback);
double positive_share(const Section& section, std::string_view key, double fallback);
/// The text itself, or what it names. Errors name the value.
std::string resolved(const Value& value, const ConnectionSeams& seams);
/// The section's `name`, which is needed: up to 63 of a-z, 0-9, "_" and "-". `example` is one.
std::string read_plain_name(const Section& section, std::string_view example);
/// A path of a section, where it is there.
std::optional<std::filesystem::path> find_path(const Section& section, std::string_view key);
/// A text of a section that must not be empty when it is there.
std::string non_empty_text(const Value& value);
/// Fails with the problem if there is one.
void require_no_problem(const Value& value, const std::optional<Problem>& problem);

/// NAME below /var/lib/bkp for root and for whoever may write there, else below the user's state
/// directory ($XDG_STATE_HOME or ~/.local/state).
std::filesystem::path default_directory(std::string_view name,
                                        const util::Environment& environment);

}  // namespace bkp::config
