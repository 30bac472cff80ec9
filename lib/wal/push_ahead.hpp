#pragma once

#include <filesystem>
#include <vector>

#include "run/context.hpp"
#include "wal/background_run.hpp"
#include "wal/source_file.hpp"

namespace bkp::wal {

/// A run in the background that archives what waits while the server asks for files that were taken
/// along, one by one, which keeps it busy and the machine idle. What it has archived it notes
/// (acknowledgements.hpp). It ends when nothing waits any more, or when something fails: the server
/// asks for each file, and is told then.
class PushAhead {
 public:
  explicit PushAhead(run::Context& context);

  /// Returns once the run in the background is not at this file, or not any more.
  void wait_for(const SourceFile& file) const;
  /// Starts that run for what waits behind `path`, unless nothing does or there is one.
  void start_after(const std::filesystem::path& path) const noexcept;
  /// The run itself.
  void run_after(const std::filesystem::path& path);

 private:
  bool is_listed(const std::string& name) const;
  void list(const std::vector<std::filesystem::path>& files) const;
  std::size_t files_at_a_time() const;

  run::Context& m_context;
  BackgroundRun m_background;
  std::filesystem::path m_list;  ///< what it is at, a name a line; void while nobody is at work
};

}  // namespace bkp::wal
