#include <fmt/format.h>

#include "config/parse.hpp"
#include "util/error.hpp"

namespace bkp::config {

namespace {

// A file that may not be looked at is there: reading it then tells why it cannot be used.
bool is_there(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file, error) || error == std::errc::permission_denied;
}

std::optional<std::filesystem::path> users_file(const util::Environment& environment) {
  if (const auto base = environment.get("XDG_CONFIG_HOME"); base && base->starts_with('/')) {
    return std::filesystem::path{*base} / "bkp/bkp.yaml";
  }
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return std::filesystem::path{*home} / ".config/bkp/bkp.yaml";
  }
  return std::nullopt;
}

}  // namespace

std::filesystem::path find(const std::string& option, const util::Environment& environment) {
  if (!option.empty()) return option;
  if (const auto file = environment.get("BKP_CONFIG")) return *file;
  std::filesystem::path system{"/etc/bkp/bkp.yaml"};
  if (is_there(system)) return system;
  const auto user = users_file(environment);
  if (user && is_there(*user)) return *user;
  throw util::Error{
      util::ErrorKind::config,
      fmt::format("there is no configuration: neither --config nor BKP_CONFIG is given, and there "
                  "is no {}{}",
                  system.string(), user ? " and no " + user->string() : ""),
      "copy the commented example there (share/doc/bkp/bkp.example.yaml), or name yours with "
      "--config FILE"};
}

}  // namespace bkp::config
