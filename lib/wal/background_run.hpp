#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "run/context.hpp"
#include "util/fd.hpp"

namespace bkp::wal {

/// A run of this program that outlives the one that starts it, of which there is one at a time: it
/// has the lock for as long as it lives.
class BackgroundRun {
 public:
  BackgroundRun(run::Context& context, std::filesystem::path lock)
      : m_context{context}, m_lock{std::move(lock)} {}

  bool is_at_work() const;
  /// This program with the same configuration and these arguments. Throws Error{internal} when it
  /// cannot be started.
  void start(const std::vector<std::string>& arguments) const;
  /// For the run itself: the lock, to be held until its end; no Fd where another has it.
  util::Fd begin() const;

 private:
  run::Context& m_context;
  std::filesystem::path m_lock;
};

}  // namespace bkp::wal
