#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace bkp::catalog {

/// What makes a process id unique: the machine (machine-id(5)), its boot
/// (/proc/sys/kernel/random/boot_id), the pid namespace (/proc/self/ns/pid) and when the process
/// started, in clock ticks since boot (proc(5), stat, field 22). Empty where it cannot be told.
/// Machines cloned from one image may share a machine-id, so the host's name belongs to it too; a
/// run has that in a column of its own, and the JSON leaves it out.
struct ProcessIdentity {
  std::string machine;
  std::string boot;
  std::string pid_namespace;
  std::string start;
  std::string host = {};

  static ProcessIdentity of_this_process();
  static ProcessIdentity from_json(const nlohmann::json& object);
  nlohmann::json to_json() const;
};

/// When the process with this id started, as in ProcessIdentity; nullopt when there is none (any
/// more; a zombie counts as gone).
std::optional<std::string> process_start(int pid);

enum class Liveness { alive, dead, unknown };

/// Does the process still live that had `pid` and `identity`? `here` is this process, `start_now`
/// what process_start(pid) says here. A process on another machine or host, or in another pid
/// namespace, is `unknown`; a host that is not known counts as this one.
Liveness judge(const ProcessIdentity& identity, const ProcessIdentity& here,
               const std::optional<std::string>& start_now);

}  // namespace bkp::catalog
