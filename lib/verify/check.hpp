#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "run/context.hpp"

namespace bkp::verify {

enum class Outcome { passed, failed, skipped };

/// One thing that was looked at.
struct Check {
  std::string kind;  ///< rows, large_objects, foreign_key, index, constraint, sequence, assertion,
                     ///< contents, manifest, part, fingerprint, restore,
                     ///< relation, relations, pages, section, step
  std::string name;  ///< of the table, constraint, assertion …
  Outcome outcome = Outcome::passed;
  std::string message;  ///< why it failed or was skipped
  double seconds = 0;
};

Check passed(std::string kind, std::string name);
Check failed(std::string kind, std::string name, std::string message);
Check skipped(std::string kind, std::string name, std::string message);

/// A check still to be made on a connection to the restored database. A DatabaseError out of
/// `look` is a failed check, unless it tells of the server (of_server()).
struct Probe {
  std::string kind;
  std::string name;
  std::uint64_t weight = 0;  ///< what takes long has much, and begins early
  /// Empty text: passed. Otherwise why it failed.
  std::function<std::string(pg::Connection&)> look;
};

/// Makes all checks over at most `connections` connections at once, heaviest first. The results
/// come in the order of the probes. `prepare` is called with each connection before its first
/// probe. Throws what is no verdict: a lost connection, a full server, an interruption.
std::vector<Check> run_probes(run::Context& context, const pg::Conninfo& database, int connections,
                              const std::vector<Probe>& probes,
                              const std::function<void(pg::Connection&)>& prepare);

}  // namespace bkp::verify
