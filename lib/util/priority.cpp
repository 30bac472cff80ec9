#include "util/priority.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdlib>

namespace bkp::util {

namespace {

// Linux keeps both for each thread, whatever POSIX says of processes: see setpriority(2).
void lower_thread(id_t thread, int nice, IoClass io_class) noexcept {
  if (nice != 0) {
    ::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + nice);
  }
  if (io_class != IoClass::none) {
    // ioprio_set(2): IOPRIO_WHO_PROCESS = 1; class in bits 13 and up, 2 best effort, 3 idle; level
    // 7 lowest.
    const int priority = io_class == IoClass::idle ? 3 << 13 : (2 << 13) | 7;
    ::syscall(SYS_ioprio_set, 1, thread, priority);
  }
}

}  // namespace

void lower_priority(int nice, IoClass io_class) noexcept {
  DIR* threads = ::opendir("/proc/self/task");
  if (threads == nullptr) return lower_thread(0, nice, io_class);
  while (const dirent* entry = ::readdir(threads)) {
    const int thread = std::atoi(entry->d_name);
    if (thread > 0) lower_thread(static_cast<id_t>(thread), nice, io_class);
  }
  ::closedir(threads);
}

}  // namespace bkp::util
