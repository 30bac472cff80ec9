#include "store/local_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/local_directory.hpp"
#include "store/local_object.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/files.hpp"

namespace bkp::store {

using util::Error;
using util::ErrorKind;
using util::Fd;

namespace {

util::Time time_of(const struct timespec& time) {
  using namespace std::chrono;
  return util::Time{
      duration_cast<util::Time::duration>(seconds{time.tv_sec} + nanoseconds{time.tv_nsec})};
}

ObjectInfo info_of(std::string key, const struct ::stat& status) {
  return {std::move(key), static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)};
}

/// An object that is there: a regular file in its directory.
struct Found {
  LocalDirectory directory;
  std::string name;
  struct ::stat status;
};

std::optional<Found> find(int root, const LocalOperation& operation) {
  auto parts = parts_of(operation.key);
  std::string name{parts.back()};
  parts.pop_back();
  auto directory = LocalDirectory::open(root, parts, operation);
  if (!directory) return std::nullopt;
  const auto status = status_in(directory->fd(), name, operation);
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  return Found{std::move(*directory), std::move(name), *status};
}

struct Entry {
  int directory;
  const std::string& name;
  std::string key;
  struct ::stat status;
};

bool is_unfinished(const Entry& entry, util::Time begun_before) {
  return S_ISREG(entry.status.st_mode) && entry.name.starts_with(unfinished_prefix) &&
         time_of(entry.status.st_mtim) < begun_before;
}

/// Shows `visit` everything below `directory`, contents before their directory. What vanishes
/// meanwhile is left out, and so is what can be no part of a store and what is passed over.
template <class PassOver, class Visit>
void walk(int directory, const std::string& prefix, const LocalOperation& whole,
          const PassOver& pass_over, const Visit& visit) {
  for (const std::string& name : names_in(directory, {whole.verb, prefix, whole.url})) {
    std::string key = prefix + "/" + name;
    const std::string place = key;
    const LocalOperation operation{whole.verb, place, whole.url};
    const bool unfinished = name.starts_with(unfinished_prefix);
    if (pass_over(key) || (!unfinished && !Key::is_valid(key))) continue;
    const auto status = status_in(directory, name, operation);
    if (!status) continue;
    if (S_ISDIR(status->st_mode)) {
      if (unfinished) continue;
      const Fd child = open_directory_in(directory, name, operation);
      if (child) walk(child.get(), place, operation, pass_over, visit);
    }
    visit(Entry{directory, name, std::move(key), *status});
  }
}

std::filesystem::path without_last_slash(const std::filesystem::path& path) {
  return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

}  // namespace

LocalStore::LocalStore(const std::filesystem::path& root, bool create_root) {
  const auto path = without_last_slash(std::filesystem::absolute(root));
  m_url = file_url(path);
  if (create_root) util::make_private_directories(path);
  m_root = Fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (m_root) return;
  if (errno == ENOENT) {
    throw Error{ErrorKind::store, fmt::format("there is no store at {}", m_url),
                "is its file system mounted? `bkp init` makes a new store"};
  }
  throw Error::from_errno(ErrorKind::store, fmt::format("cannot open the store {}", m_url), errno);
}

std::string LocalStore::url() const {
  return m_url;
}

std::unique_ptr<stream::Sink> LocalStore::create(const Key& key) {
  return std::make_unique<LocalObjectSink>(m_root.get(), m_flushed, m_url, key);
}

bool LocalStore::fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) {
  const LocalOperation operation{"read", key.text(), m_url};
  const auto found = find(m_root.get(), operation);
  if (!found) return false;
  // Never waits for the other end, should a pipe have taken the file's place just now.
  const Fd fd{::openat(found->directory.fd(), found->name.c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!fd) {
    if (errno == ENOENT) return false;
    throw operation.failed(errno);
  }
  const auto size = static_cast<std::uint64_t>(found->status.st_size);
  const std::uint64_t offset = range ? std::min(range->offset, size) : 0;
  if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) throw operation.failed(errno);
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);

  constexpr std::uint64_t largest_piece = std::uint64_t{1} << 20U;
  const std::string name = operation.name();
  std::uint64_t wanted = range ? std::min(range->length, size - offset) : size - offset;
  std::vector<std::byte> buffer(std::min(largest_piece, wanted));
  while (wanted > 0) {
    const auto piece = std::span{buffer}.first(std::min<std::uint64_t>(buffer.size(), wanted));
    const std::size_t got = util::read_some(fd.get(), piece, name);
    if (got == 0) break;
    sink.write(piece.first(got));
    wanted -= got;
  }
  return true;
}

std::optional<ObjectInfo> LocalStore::stat(const Key& key) {
  const auto found = find(m_root.get(), {"look up", key.text(), m_url});
  if (!found) return std::nullopt;
  return info_of(key.text(), found->status);
}

std::vector<ObjectInfo> LocalStore::list(const Key& prefix) {
  const LocalOperation operation{"list", prefix.text(), m_url};
  if (auto object = stat(prefix)) return {*object};
  const auto directory = LocalDirectory::open(m_root.get(), parts_of(prefix.text()), operation);
  if (!directory) return {};
  std::vector<ObjectInfo> found;
  walk(directory->fd(), prefix.text(), operation, no_key, [&](Entry entry) {
    if (!S_ISREG(entry.status.st_mode) || entry.name.starts_with(unfinished_prefix)) return;
    found.push_back(info_of(std::move(entry.key), entry.status));
  });
  std::sort(found.begin(), found.end(),
            [](const ObjectInfo& left, const ObjectInfo& right) { return left.key < right.key; });
  return found;
}

std::vector<std::string> LocalStore::names(const Key& prefix) {
  const LocalOperation operation{"list", prefix.text(), m_url};
  const auto directory = LocalDirectory::open(m_root.get(), parts_of(prefix.text()), operation);
  if (!directory) return {};
  auto names = names_in(directory->fd(), operation);
  std::erase_if(names, [&](const std::string& name) {
    return name.starts_with(unfinished_prefix) || !Key::is_valid(prefix.text() + "/" + name);
  });
  std::sort(names.begin(), names.end());
  return names;
}

bool LocalStore::remove(const Key& key) {
  const LocalOperation operation{"remove", key.text(), m_url};
  auto found = find(m_root.get(), operation);
  if (!found) return false;
  if (::unlinkat(found->directory.fd(), found->name.c_str(), 0) != 0) {
    if (errno == ENOENT) return false;
    throw operation.failed(errno);
  }
  sync(found->directory.fd(), operation);
  found->directory.remove_if_empty();
  return true;
}

std::vector<std::string> LocalStore::unfinished(const Key& prefix, const KeyTest& pass_over,
                                                util::Time begun_before) {
  const LocalOperation operation{"list", prefix.text(), m_url};
  const auto directory = LocalDirectory::open(m_root.get(), parts_of(prefix.text()), operation);
  std::vector<std::string> found;
  if (!directory) return found;
  walk(directory->fd(), prefix.text(), operation, pass_over, [&](Entry entry) {
    if (is_unfinished(entry, begun_before)) found.push_back(std::move(entry.key));
  });
  return found;
}

std::vector<std::string> LocalStore::remove_unfinished(const Key& prefix, util::Time begun_before) {
  const LocalOperation operation{"clean up", prefix.text(), m_url};
  auto directory = LocalDirectory::open(m_root.get(), parts_of(prefix.text()), operation);
  std::vector<std::string> removed;
  if (!directory) return removed;
  walk(directory->fd(), prefix.text(), operation, no_key, [&](const Entry& entry) {
    if (S_ISDIR(entry.status.st_mode)) {
      // Succeeds for those that are empty now.
      ::unlinkat(entry.directory, entry.name.c_str(), AT_REMOVEDIR);
    } else if (is_unfinished(entry, begun_before)) {
      if (::unlinkat(entry.directory, entry.name.c_str(), 0) != 0 && errno != ENOENT) {
        throw LocalOperation{operation.verb, entry.key, m_url}.failed(errno);
      }
      sync(entry.directory, operation);
      removed.push_back(entry.key);
    }
  });
  directory->remove_if_empty();
  return removed;
}

std::optional<StoreSpace> LocalStore::space() {
  const util::Space space = util::file_system_space(m_root, m_url);
  return StoreSpace{space.capacity, space.available};
}

}  // namespace bkp::store
