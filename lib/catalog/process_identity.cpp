#include "catalog/process_identity.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "util/host.hpp"

namespace bkp::catalog {

namespace {

std::string first_line(const char* path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

std::string link_target(const char* path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error).string();
}

}  // namespace

ProcessIdentity ProcessIdentity::of_this_process() {
  return {first_line("/etc/machine-id"), first_line("/proc/sys/kernel/random/boot_id"),
          link_target("/proc/self/ns/pid"), process_start(::getpid()).value_or(""),
          util::host_name()};
}

ProcessIdentity ProcessIdentity::from_json(const nlohmann::json& object) {
  const auto text = [&](const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  if (!object.is_object()) return {};
  return {text("machine"), text("boot"), text("pid_namespace"), text("start")};
}

nlohmann::json ProcessIdentity::to_json() const {
  return {{"machine", machine}, {"boot", boot}, {"pid_namespace", pid_namespace}, {"start", start}};
}

std::optional<std::string> process_start(int pid) {
  const auto stat = first_line(fmt::format("/proc/{}/stat", pid).c_str());
  // The second field is the program's name in parentheses, which may hold anything, ")" included.
  const auto name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  std::istringstream fields{stat.substr(name_end + 1)};
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return std::nullopt;
    if (number == 3 && (field == "Z" || field == "X")) return std::nullopt;
  }
  return field;
}

Liveness judge(const ProcessIdentity& identity, const ProcessIdentity& here,
               const std::optional<std::string>& start_now) {
  const bool comparable = !identity.boot.empty() && !identity.start.empty();
  if (!comparable || identity.machine != here.machine) return Liveness::unknown;
  if (!identity.host.empty() && identity.host != here.host) return Liveness::unknown;
  if (identity.boot != here.boot) {
    // Without a machine-id, another boot may as well be another machine.
    return identity.machine.empty() ? Liveness::unknown : Liveness::dead;
  }
  if (identity.pid_namespace != here.pid_namespace) return Liveness::unknown;
  return start_now == identity.start ? Liveness::alive : Liveness::dead;
}

}  // namespace bkp::catalog
