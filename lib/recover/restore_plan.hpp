#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "backup/source.hpp"
#include "catalog/records.hpp"
#include "pg/connection.hpp"
#include "recover/swap.hpp"
#include "run/context.hpp"

namespace bkp::recover {

/// What a user asks of a restore.
struct RestoreRequest {
  std::string database;  ///< whose backup it is, and what --swap replaces
  std::string into;      ///< empty: a name is made
  bool swap = false;
  std::vector<std::string> schemas;  ///< both empty: everything
  std::vector<std::string> tables;
  int jobs = 1;
  bool with_globals = false;  ///< create missing roles without asking
  bool no_owner = false;      ///< leave owners and privileges out
  std::string yes;            ///< --yes NAME

  bool partial() const { return !schemas.empty() || !tables.empty(); }
};

/// A backup to take instead of one that is not trusted.
struct Alternative {
  std::string label;
  std::optional<util::Time> verified_at;  ///< nullopt: never verified, but nothing is known against
  std::string command;                    ///< restores it
};

/// Everything a person must know before saying yes.
struct RestorePlan {
  RestoreRequest request;
  std::string label;
  std::string store;
  std::string target;   ///< the database that will be made
  std::string kept_as;  ///< what the old one will be called after a swap
  bool database_exists = false;
  util::Time taken_at;  ///< the state that comes back
  util::Time now;
  bool verified = false;
  std::optional<util::Time> verified_at;  ///< of the last verification, whatever its result
  std::string verification_error;         ///< what was wrong then
  std::string copy_error;                 ///< why the last check of this copy failed
  std::optional<util::Time> copy_checked_at;
  std::optional<Alternative> alternative;  ///< where something is known against this one
  std::uint64_t stored_bytes = 0;
  std::uint64_t dump_bytes = 0;             ///< decompressed
  std::uint64_t database_bytes = 0;         ///< of the original then; 0 = not known
  std::optional<double> last_seconds;       ///< how long a restore of it, or of its kind, took
  std::optional<std::uint64_t> free_bytes;  ///< on the server's data directory, where visible
  int backed_up_from = 0;                   ///< version of the server then: 150018 = 15.18
  int restored_to = 0;                      ///< version of the server now
  std::vector<ClientGroup> clients;         ///< connected to the database now

  bool doubted() const { return (!verified && verified_at) || !copy_error.empty(); }
  bool replaces() const { return request.swap && database_exists; }
  int connections() const;
};

/// The newest other backup of the database that was verified and has a sound copy; else the newest
/// nothing is known against. nullptr when there is none. `newest_first` may hold other databases'.
const catalog::BackupRecord* better_backup(const std::vector<catalog::BackupRecord>& newest_first,
                                           const catalog::BackupRecord& doubted);

/// Without an alternative.
RestorePlan make_plan(run::Context& context, pg::Connection& maintenance,
                      const catalog::BackupRecord& record, const backup::Source& source,
                      const RestoreRequest& request);

/// Throws Error{refused} when the plan cannot be carried out safely: the target exists, the server
/// has not the space, the old database cannot be renamed.
void require_possible(pg::Connection& maintenance, const RestorePlan& plan);

/// For people, before the question.
std::string to_text(const RestorePlan& plan);
nlohmann::json to_json(const RestorePlan& plan);
/// One sentence: what saying yes destroys.
std::string what_is_lost(const RestorePlan& plan);

/// Throws Error{refused} when it is known that the database does not fit, naming both figures.
void require_server_space(pg::Connection& connection, std::uint64_t database_bytes);

/// Free bytes on the file system of the server's data directory, when the server is on this machine
/// and tells where it is.
std::optional<std::uint64_t> server_free_space(pg::Connection& connection);

}  // namespace bkp::recover
