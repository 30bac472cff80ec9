#include "util/log.hpp"

#include <syslog.h>
#include <unistd.h>
#include <chrono>

#include "util/clock.hpp"
#include "util/text.hpp"

namespace bkp::util {

namespace {

struct LevelStyle {
  const char* name;
  const char* color;
  int priority;
};

LevelStyle style_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return {"debug", "\x1b[2m", LOG_DEBUG};
    case LogLevel::info:
      return {"info", "", LOG_INFO};
    case LogLevel::warning:
      return {"warning", "\x1b[33m", LOG_WARNING};
    case LogLevel::error:
      return {"error", "\x1b[31m", LOG_ERR};
  }
  return {"error", "", LOG_ERR};
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Log::Log(LogSettings settings) : m_settings{std::move(settings)} {
  if (m_settings.syslog) ::openlog(m_settings.program.c_str(), LOG_PID, LOG_DAEMON);
}

Log::~Log() {
  if (m_settings.syslog) ::closelog();
}

void Log::write(LogLevel level, std::string_view message) {
  if (!enabled(level)) return;
  const LevelStyle style = style_of(level);
  const std::string text = printable(message);
  std::string line;
  if (m_settings.format == LogFormat::json) {
    // printable() left no control characters, so quotes and backslashes are all there is to escape.
    line =
        fmt::format("{{\"time\": \"{}\", \"level\": \"{}\", \"program\": {}, \"message\": {}}}\n",
                    format_rfc3339(std::chrono::system_clock::now()), style.name,
                    json_string(m_settings.program), json_string(text));
  } else {
    const bool colored = m_settings.color && *style.color != '\0';
    line = fmt::format("{}: {}{}{}{}\n", m_settings.program, colored ? style.color : "",
                       level == LogLevel::info ? "" : fmt::format("{}: ", style.name), text,
                       colored ? "\x1b[0m" : "");
  }
  const std::lock_guard lock{m_mutex};
  // A log that cannot be written must not stop a backup.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  if (m_settings.syslog) ::syslog(style.priority, "%s", text.c_str());
}

}  // namespace bkp::util
