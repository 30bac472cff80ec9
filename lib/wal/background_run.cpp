#include "wal/background_run.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "util/files.hpp"
#include "util/independent.hpp"

namespace bkp::wal {

namespace {

/// The file when it can be locked so; a lock is tried, never waited for.
util::Fd locked(const std::filesystem::path& path, int how) {
  auto file = util::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
  if (::flock(file.get(), how | LOCK_NB) != 0) return {};
  return file;
}

}  // namespace

bool BackgroundRun::is_at_work() const {
  return !locked(m_lock, LOCK_SH);
}

void BackgroundRun::start(const std::vector<std::string>& arguments) const {
  util::Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--config",
                  std::filesystem::absolute(m_context.config.file).string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = m_context.environment;
  util::start_detached(command);
}

util::Fd BackgroundRun::begin() const {
  return locked(m_lock, LOCK_EX);
}

}  // namespace bkp::wal
