#include "config/explain_writer.hpp"

namespace bkp::config {

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result += '"';
}

std::string list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(quote(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string duration(std::chrono::seconds value) {
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  static constexpr Unit units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
  for (const auto& unit : units) {
    // Days only from two on: "24h" reads better than "1d".
    const auto least = unit.seconds == 86400 ? 2 * unit.seconds : unit.seconds;
    if (value.count() >= least && value.count() % unit.seconds == 0) {
      return fmt::format("{}{}", value.count() / unit.seconds, unit.name);
    }
  }
  return fmt::format("{}s", value.count());
}

std::string size(std::uint64_t bytes) {
  static constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(units)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, units[unit]);
}

std::string share(double value) {
  return fmt::format("{:.10g}%", value * 100);
}

std::string boolean(bool value) {
  return value ? "true" : "false";
}

std::string path_text(const std::filesystem::path& path) {
  return quote(path.string());
}

std::string paths(const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.string());
  return list(names);
}

}  // namespace bkp::config
