#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pg/wal_name.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "wal/background_run.hpp"

namespace bkp::wal {

/// Segments that a run in the background has fetched ahead of the server, which asks for them one
/// by one: in STATE/fetched/CLUSTER, each under its name once it was proven. See
/// run::state_directory().
class ReadAhead {
 public:
  /// `system_identifier` of the cluster that recovers; `keys` open what is sealed.
  ReadAhead(run::Context& context, std::uint64_t system_identifier, run::ReadingKeys keys);

  /// Moves the segment to `destination` when it has been fetched, and waits for it while it is
  /// being fetched; false otherwise. It and those before it are no longer here then.
  bool take(const std::string& name, const std::filesystem::path& destination) const;
  /// Starts a run in the background that fetches what follows `name`, unless there is one at it or
  /// enough is here. What goes wrong is not the server's business now: it will ask again.
  void start_after(const std::string& name, pg::WalSegmentSize size) const noexcept;
  /// Forgets everything: the archive has ended.
  void clear() const noexcept;

  /// The run in the background itself.
  void run_after(const std::string& name, pg::WalSegmentSize size);

 private:
  std::vector<std::string> names_after(const std::string& name, pg::WalSegmentSize size) const;
  std::filesystem::path place_of(const std::string& name) const { return m_directory / name; }

  run::Context& m_context;
  std::uint64_t m_system_identifier;
  run::ReadingKeys m_keys;
  std::filesystem::path m_directory;
  BackgroundRun m_background;
};

}  // namespace bkp::wal
