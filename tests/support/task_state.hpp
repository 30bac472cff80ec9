#pragma once

#include <sys/types.h>

#include <fstream>
#include <string>

namespace bkp::test {

/// What a process or a thread does, as ps shows it: 'S' when it waits for something, 'T' when it
/// was stopped; 'Z' also when there is no such task.
inline char task_state(pid_t task) {
  std::ifstream file{"/proc/" + std::to_string(task) + "/stat"};
  std::string stat;
  // "id (name) state …"; the name may hold anything, so the last ")" counts.
  return std::getline(file, stat) ? stat.at(stat.rfind(')') + 2) : 'Z';
}

/// Gone, or dead and waiting for its new parent to notice.
inline bool is_gone(pid_t task) {
  return task_state(task) == 'Z';
}

}  // namespace bkp::test
