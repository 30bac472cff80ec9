#include "recover/scratch_cluster.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <csignal>

#include <fmt/format.h>

#include "pg/postmaster_file.hpp"
#include "recover/scratch.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"
#include "wal/setup.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::string_view prefix = "cluster-";
constexpr std::string_view directory_prefix = "drill-";
constexpr std::string_view socket_prefix = "socket-";
constexpr auto lock_name = "lock";

util::Fd lock_in(const std::filesystem::path& directory) {
  return util::open_file(directory / lock_name, O_RDWR | O_CREAT | O_NOFOLLOW);
}

/// SIGQUIT: at once, and nothing of it is needed any more.
void end_server(const std::filesystem::path& data) {
  if (const auto file = pg::read_postmaster_file(data)) ::kill(file->pid, SIGQUIT);
}

/// Those of servers that pitr-restore has started and that were stopped since.
void clear_sockets(const run::Context& context) {
  std::error_code unknown;
  for (const auto& entry :
       std::filesystem::directory_iterator{scratch_directory(context), unknown}) {
    if (!entry.path().filename().string().starts_with(socket_prefix)) continue;
    const auto text = util::read_file(entry.path() / "pid", 64);
    const int pid = text ? std::atoi(text->c_str()) : 0;
    if (pid <= 1 || ::kill(pid, 0) != 0) std::filesystem::remove_all(entry.path(), unknown);
  }
}

}  // namespace

namespace {

/// What was unpacked may have directories in which nobody may write.
std::error_code remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at{path, error}, end; !error && at != end;
       at.increment(error)) {
    std::error_code unknown;
    if (at->is_directory(unknown) && !at->is_symlink(unknown))
      std::filesystem::permissions(at->path(), std::filesystem::perms::owner_all,
                                   std::filesystem::perm_options::add, unknown);
  }
  std::filesystem::remove_all(path, error);
  return error;
}

}  // namespace

ScratchDirectory::ScratchDirectory(run::Context& context)
    : m_context{context},
      m_path{scratch_directory(context) / (std::string{directory_prefix} + util::random_hex(4))} {
  util::make_private_directories(m_path);
  m_lock = lock_in(m_path);
  ::flock(m_lock.get(), LOCK_EX | LOCK_NB);
}

ScratchDirectory::~ScratchDirectory() {
  if (const auto error = remove_tree(m_path); error) {
    m_context.log.warning("{} could not be removed: {}", util::quoted(m_path.string()),
                          error.message());
  }
}

ScratchPlace::ScratchPlace(run::Context& context, const ClusterChain& chain)
    : m_directory{scratch_directory(context) / (std::string{prefix} + util::random_hex(4))} {
  util::make_private_directories(m_directory);
  m_lock = lock_in(m_directory);
  ::flock(m_lock.get(), LOCK_EX | LOCK_NB);
  m_place.data = m_directory / "data";
  for (const auto& tablespace : chain.manifest().physical->tablespaces)
    m_place.tablespaces[tablespace.path] = (m_directory / std::to_string(tablespace.oid)).string();
  try {
    require_free(m_place, chain);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(m_directory, ignored);
    throw;
  }
}

ScratchPlace::~ScratchPlace() {
  std::error_code ignored;
  std::filesystem::remove_all(m_directory, ignored);
}

ScratchCluster::ScratchCluster(run::Context& context, const ClusterChain& chain)
    : m_place{context, chain},
      m_server{context, server_programs(context, chain.manifest().server_version),
               m_place.place().data, m_place.directory() / "socket"} {}

ScratchCluster::~ScratchCluster() {
  m_server.stop();
}

std::filesystem::path new_socket_directory(const run::Context& context) {
  return scratch_directory(context) / (std::string{socket_prefix} + util::random_hex(4));
}

void ScratchPlace::clear_leftovers(run::Context& context) {
  std::error_code unknown;
  clear_sockets(context);
  for (const auto& entry :
       std::filesystem::directory_iterator{scratch_directory(context), unknown}) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(prefix) && !name.starts_with(directory_prefix)) continue;
    const auto lock = lock_in(entry.path());
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) continue;
    context.log.info("removing {}, left by a run that died", util::quoted(entry.path().string()));
    for (const auto& data : std::filesystem::directory_iterator{entry.path(), unknown})
      end_server(data.path());
    remove_tree(entry.path());
  }
}

std::filesystem::path server_programs(run::Context& context, int server_version) {
  auto tools = context.tools();
  const auto postgres = tools.find("postgres", server_version);
  constexpr int major = 10000;
  const auto found = tools.version_of(postgres);
  if (found && *found / major != server_version / major) {
    throw Error{
        ErrorKind::refused,
        fmt::format("the cluster is of PostgreSQL {}, and {} is of {}", server_version / major,
                    util::quoted(postgres.string()), *found / major),
        fmt::format("install postgresql-{}, or set cluster.bin_directory", server_version / major)};
  }
  return postgres.parent_path();
}

}  // namespace bkp::recover
