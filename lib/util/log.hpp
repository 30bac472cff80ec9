#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace bkp::util {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

struct LogSettings {
  LogLevel threshold = LogLevel::info;
  LogFormat format = LogFormat::text;
  bool syslog = false;  ///< in addition to stderr, facility daemon
  bool color = false;
  std::string program = "bkp";
};

/// Log lines to stderr (and syslog). Every message goes through printable(). Thread-safe.
/// Callers never pass secrets; there is no masking here to rely on.
class Log {
 public:
  explicit Log(LogSettings settings = {});
  virtual ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(LogLevel::debug))
      write(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(LogLevel::info))
      write(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
  }

  bool enabled(LogLevel level) const { return level >= m_settings.threshold; }
  virtual void write(LogLevel level, std::string_view message);

 private:
  LogSettings m_settings;
  std::mutex m_mutex;
};

}  // namespace bkp::util
