#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "pg/connection.hpp"
#include "recover/new_database.hpp"
#include "run/context.hpp"

namespace bkp::verify {

/// A temporary database for a test restore: `{prefix}{time}`, dropped by the destructor whatever
/// happens. Should even that not come to pass (the host dies), a later run drops it, and knows it
/// by more than its name:
///  - it was created with an odd connection limit (there from the first moment on) and has a
///    comment {"bkp": "verify", "site", "host", "pid", "created"};
///  - a session of its maker holds an advisory lock on its name in the maintenance database. A lock
///    that can be had means that nobody uses it any more.
class ScratchDatabase {
 public:
  ScratchDatabase(run::Context& context, const pg::Conninfo& maintenance,
                  const backup::DatabaseProperties& original);

  /// The same of one that `make` creates under the name it is given, like the original; it is
  /// marked as one of these as soon as it is there.
  ScratchDatabase(run::Context& context, const pg::Conninfo& maintenance,
                  const std::function<void(const std::string& name)>& make);

  const std::string& name() const { return m_database.name(); }
  pg::Conninfo conninfo() const { return m_database.conninfo(); }
  pg::Connection& maintenance() { return m_database.connection(); }

 private:
  void protect();

  util::Interrupt m_calm;
  pg::Connection m_lock;  ///< holds the advisory lock as long as the database lives
  recover::NewDatabase m_database;
};

/// Drops what crashed verifications of this site left; returns the names. Databases of other
/// sites, of live runs, and those that only have such a name stay. With `dry_run` none is dropped.
std::vector<std::string> drop_leftovers(run::Context& context, const pg::Conninfo& maintenance,
                                        bool dry_run);

}  // namespace bkp::verify
