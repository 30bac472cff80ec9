#include "store/sftp_store.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "store/sftp_fetch.hpp"
#include "store/sftp_object.hpp"
#include "store/sftp_paths.hpp"
#include "util/error.hpp"

namespace bkp::store {

using util::Error;
using util::ErrorKind;

namespace {

ObjectInfo info_of(std::string key, const SftpStatus& status) {
  return {std::move(key), status.size, status.modified};
}

std::optional<SftpStatus> object_at(SftpSession& session, const std::string& path) {
  auto status = session.status(path);
  if (status && status->type != SftpFileType::file) status.reset();
  return status;
}

}  // namespace

SftpStore::SftpStore(std::string_view url, const SftpOptions& options, OpenMode mode,
                     const Seams& seams, const SftpLimits& limits)
    : m_pool{parse_sftp_url(url), read_ssh_login(options, seams.environment), limits,
             seams.interrupt},
      m_url{m_pool.address().url()},
      m_root{m_pool.address().path} {
  open_root(mode);
}

void SftpStore::open_root(OpenMode mode) {
  const SftpOperation operation{"open", "", m_url};
  m_pool.run(operation, [&](SftpPool::Lease& lease) {
    const auto root = m_root.empty() ? "/" : m_root;
    auto status = lease->status(root, SftpSession::Links::followed);
    if (!status && mode == OpenMode::create) {
      make_directories(*lease, "", root, operation);
      status = lease->status(root, SftpSession::Links::followed);
    }
    if (!status) {
      throw Error{ErrorKind::store, fmt::format("there is no store at {}", m_url),
                  "is its file system mounted on the server? `bkp init` makes a new store"};
    }
    if (status->type != SftpFileType::directory) {
      throw operation.failed("Not a directory", "name a directory of the server in the URL");
    }
  });
}

std::string SftpStore::url() const {
  return m_url;
}

std::string SftpStore::path_of(const Key& key) const {
  return m_root + "/" + key.text();
}

std::unique_ptr<stream::Sink> SftpStore::create(const Key& key) {
  return std::make_unique<SftpObjectSink>(m_pool, m_url, key);
}

bool SftpStore::fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) {
  return SftpFetch{m_pool, {"read", key.text(), m_url}, path_of(key), range}.run(sink);
}

std::optional<ObjectInfo> SftpStore::stat(const Key& key) {
  const SftpOperation operation{"look up", key.text(), m_url};
  const auto status = m_pool.run(
      operation, [&](SftpPool::Lease& lease) { return object_at(*lease, path_of(key)); });
  if (!status) return std::nullopt;
  return info_of(key.text(), *status);
}

std::vector<ObjectInfo> SftpStore::list(const Key& prefix) {
  const SftpOperation operation{"list", prefix.text(), m_url};
  auto found = m_pool.run(operation, [&](SftpPool::Lease& lease) {
    std::vector<ObjectInfo> objects;
    if (const auto status = object_at(*lease, path_of(prefix))) {
      objects.push_back(info_of(prefix.text(), *status));
      return objects;
    }
    walk(*lease, m_root, prefix.text(), [&](const std::string& key, const SftpEntry& entry) {
      if (entry.status.type != SftpFileType::file || entry.name.starts_with(unfinished_prefix)) {
        return;
      }
      objects.push_back(info_of(key, entry.status));
    });
    return objects;
  });
  std::sort(found.begin(), found.end(),
            [](const ObjectInfo& left, const ObjectInfo& right) { return left.key < right.key; });
  return found;
}

std::vector<std::string> SftpStore::names(const Key& prefix) {
  const SftpOperation operation{"list", prefix.text(), m_url};
  const auto entries = m_pool.run(
      operation, [&](SftpPool::Lease& lease) { return lease->entries(path_of(prefix)); });
  std::vector<std::string> names;
  for (const SftpEntry& entry : entries.value_or(std::vector<SftpEntry>{})) {
    const bool unfinished = entry.name.starts_with(unfinished_prefix);
    if (!unfinished && Key::is_valid(prefix.text() + "/" + entry.name)) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool SftpStore::remove(const Key& key) {
  const SftpOperation operation{"remove", key.text(), m_url};
  const auto path = path_of(key);
  // By an attempt whose answer was lost, it may be.
  bool was_there = false;
  return m_pool.run(operation, [&](SftpPool::Lease& lease) {
    if (!object_at(*lease, path)) return was_there;
    was_there = true;
    const bool removed = lease->remove_file(path);
    remove_empty_directories(*lease, m_root, path.substr(0, path.rfind('/')));
    return removed;
  });
}

std::size_t SftpStore::remove_unfinished(const Key& prefix) {
  const SftpOperation operation{"clean up", prefix.text(), m_url};
  std::size_t removed = 0;
  m_pool.run(operation, [&](SftpPool::Lease& lease) {
    walk(*lease, m_root, prefix.text(), [&](const std::string& key, const SftpEntry& entry) {
      const auto path = m_root + "/" + key;
      if (entry.status.type == SftpFileType::directory) {
        // Succeeds for those that are empty now.
        lease->remove_directory(path);
      } else if (entry.status.type == SftpFileType::file &&
                 entry.name.starts_with(unfinished_prefix)) {
        if (lease->remove_file(path)) ++removed;
      }
    });
    remove_empty_directories(*lease, m_root, path_of(prefix));
  });
  return removed;
}

std::optional<StoreSpace> SftpStore::space() {
  const SftpOperation operation{"measure", "", m_url};
  return m_pool.run(operation, [&](SftpPool::Lease& lease) {
    return lease->space(m_root.empty() ? "/" : m_root);
  });
}

}  // namespace bkp::store
