#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "util/log.hpp"

namespace bkp::test {

/// Keeps what is logged instead of showing it. Several threads may log; it is read when they are
/// done.
class RecordedLog final : public util::Log {
 public:
  void write(util::LogLevel level, std::string_view message) override {
    const std::lock_guard lock{m_mutex};
    m_messages.emplace_back(message);
    if (level >= util::LogLevel::warning) m_warnings.emplace_back(message);
  }
  const std::vector<std::string>& messages() const { return m_messages; }
  /// Warnings and errors.
  const std::vector<std::string>& warnings() const { return m_warnings; }

 private:
  std::mutex m_mutex;
  std::vector<std::string> m_messages;
  std::vector<std::string> m_warnings;
};

}  // namespace bkp::test
