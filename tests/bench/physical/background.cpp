#include "bench/physical/background.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <stdexcept>

#include "support/wait_until.hpp"
#include "util/fd.hpp"

namespace bkp::bench {

namespace {

bool is_unlocked(const std::filesystem::path& file) {
  const util::Fd lock{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  return !lock || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0;
}

}  // namespace

void wait_until_unlocked(const std::filesystem::path& file) {
  if (!test::wait_until([&] { return is_unlocked(file); }))
    throw std::runtime_error{"somebody keeps " + file.string()};
}

}  // namespace bkp::bench
