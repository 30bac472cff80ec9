#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "run/context.hpp"

namespace bkp::run {

enum class LockName {
  write,   ///< whoever changes the stores' backups: full, prune
  read,    ///< whoever reads them at length: verify, restore (shared); prune (exclusive)
  assets,  ///< whoever reads files that a database knows: two at once would read each twice
};
enum class LockMode { shared, exclusive };

/// A lock of the site, held until destruction: flock(2) on SPOOL_DIRECTORY/../lock/SITE.NAME.lock
/// against runs on this host, and a session advisory lock in the catalog database against runs on
/// other hosts (left out, with a debug line, when the catalog is down). Both end with their holder,
/// so a dead one never blocks. The file names the holder: pid, host, command, since when. Throws
/// Error{locked} with all four and the age when `context.lock_wait` has passed; Error{interrupted}
/// when asked to end.
class SiteLock {
 public:
  SiteLock(const Context& context, LockName name, LockMode mode, const std::string& command);
  ~SiteLock();
  SiteLock(SiteLock&&) noexcept;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace bkp::run
