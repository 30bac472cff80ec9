#include "recover/recovery_target.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::recover {

using Kind = RecoveryTarget::Kind;

namespace {

/// With its microseconds: a target is compared with times of commits.
std::string time_text(util::Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(time - seconds);
  auto text = fmt::format("{:%Y-%m-%d %H:%M:%S}",
                          fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
  if (rest.count() > 0) text += fmt::format(".{:06}", rest.count());
  return text + "+00";
}

}  // namespace

std::string describe(const RecoveryTarget& target) {
  const std::string before = target.inclusive ? "" : ", just before it";
  switch (target.kind) {
    case Kind::latest:
      return "the end of the archive";
    case Kind::immediate:
      return "the moment at which the backup is consistent";
    case Kind::time:
      return time_text(target.time) + before;
    case Kind::lsn:
      return "LSN " + pg::to_text(target.lsn) + before;
    case Kind::transaction:
      return fmt::format("transaction {}{}", target.transaction, before);
    case Kind::name:
      return fmt::format("restore point {}", util::quoted(target.name));
  }
  return {};
}

std::vector<ServerSetting> settings_of(const RecoveryTarget& target, std::uint32_t timeline) {
  std::vector<ServerSetting> settings;
  const auto aim = [&](const char* name, std::string value) {
    settings.push_back({name, std::move(value)});
  };
  switch (target.kind) {
    case Kind::latest:
      break;
    case Kind::immediate:
      aim("recovery_target", "immediate");
      break;
    case Kind::time:
      aim("recovery_target_time", time_text(target.time));
      break;
    case Kind::lsn:
      aim("recovery_target_lsn", pg::to_text(target.lsn));
      break;
    case Kind::transaction:
      aim("recovery_target_xid", std::to_string(target.transaction));
      break;
    case Kind::name:
      aim("recovery_target_name", target.name);
      break;
  }
  aim("recovery_target_inclusive", target.inclusive ? "on" : "off");
  aim("recovery_target_timeline", std::to_string(timeline));
  return settings;
}

std::string to_line(const ServerSetting& setting) {
  std::string value;
  for (const char c : setting.value) {
    if (c == '\'' || c == '\\') value += c;
    value += c;
  }
  return fmt::format("{} = '{}'", setting.name, value);
}

}  // namespace bkp::recover
