#pragma once

#include <filesystem>
#include <string>

#include "util/clock.hpp"

namespace bkp::wal {

/// Remembers from one run of wal-push to the next that an optional store failed, so that a store
/// that is away does not hold up every segment. Any thread; what cannot be noted is not.
class Outages {
 public:
  /// In `state` of run::state_directory().
  Outages(std::filesystem::path state, const util::Clock& clock)
      : m_state{std::move(state)}, m_clock{clock} {}

  /// Whether it failed within the last minute.
  bool recent(const std::string& store) const noexcept;
  void begin(const std::string& store) const noexcept;
  void end(const std::string& store) const noexcept;

 private:
  std::filesystem::path note(const std::string& store) const;

  std::filesystem::path m_state;
  const util::Clock& m_clock;
};

}  // namespace bkp::wal
