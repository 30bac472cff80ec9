#include "sftp/store.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "sftp/fetch.hpp"
#include "sftp/object.hpp"
#include "sftp/paths.hpp"
#include "util/error.hpp"

namespace bkp::sftp {

using util::Error;
using util::ErrorKind;

namespace {

store::ObjectInfo info_of(std::string key, const Status& status) {
  return {std::move(key), status.size, status.modified};
}

std::optional<Status> object_at(Session& session, const std::string& path) {
  auto status = session.status(path);
  if (status && status->type != FileType::file) status.reset();
  return status;
}

bool is_unfinished(const Entry& entry, util::Time begun_before) {
  return entry.status.type == FileType::file && entry.name.starts_with(store::unfinished_prefix) &&
         entry.status.modified < begun_before;
}

}  // namespace

Store::Store(std::string_view url, const Options& options, store::OpenMode mode,
             const store::Seams& seams, const Limits& limits)
    : m_pool{parse_url(url), read_login(options, seams.environment), limits, seams.interrupt},
      m_url{m_pool.address().url()},
      m_root{m_pool.address().path} {
  open_root(mode);
}

void Store::open_root(store::OpenMode mode) {
  const Operation operation{"open", "", m_url};
  m_pool.run(operation, [&](Pool::Lease& lease) {
    const auto root = m_root.empty() ? "/" : m_root;
    auto status = lease->status(root, Session::Links::followed);
    if (!status && mode == store::OpenMode::create) {
      make_directories(*lease, "", root, operation);
      status = lease->status(root, Session::Links::followed);
    }
    if (!status) {
      throw Error{ErrorKind::store, fmt::format("there is no store at {}", m_url),
                  "is its file system mounted on the server? `bkp init` makes a new store"};
    }
    if (status->type != FileType::directory) {
      throw operation.failed("Not a directory", "name a directory of the server in the URL");
    }
  });
}

std::string Store::url() const {
  return m_url;
}

std::string Store::path_of(const store::Key& key) const {
  return m_root + "/" + key.text();
}

std::unique_ptr<stream::Sink> Store::create(const store::Key& key) {
  return std::make_unique<ObjectSink>(m_pool, m_url, key);
}

bool Store::fetch(const store::Key& key, std::optional<store::ByteRange> range,
                  stream::Sink& sink) {
  return Fetch{m_pool, {"read", key.text(), m_url}, path_of(key), range}.run(sink);
}

std::optional<store::ObjectInfo> Store::stat(const store::Key& key) {
  const Operation operation{"look up", key.text(), m_url};
  const auto status =
      m_pool.run(operation, [&](Pool::Lease& lease) { return object_at(*lease, path_of(key)); });
  if (!status) return std::nullopt;
  return info_of(key.text(), *status);
}

std::vector<store::ObjectInfo> Store::list(const store::Key& prefix) {
  const Operation operation{"list", prefix.text(), m_url};
  auto found = m_pool.run(operation, [&](Pool::Lease& lease) {
    std::vector<store::ObjectInfo> objects;
    if (const auto status = object_at(*lease, path_of(prefix))) {
      objects.push_back(info_of(prefix.text(), *status));
      return objects;
    }
    walk(*lease, m_root, prefix.text(), store::no_key,
         [&](const std::string& key, const Entry& entry) {
           if (entry.status.type != FileType::file ||
               entry.name.starts_with(store::unfinished_prefix)) {
             return;
           }
           objects.push_back(info_of(key, entry.status));
         });
    return objects;
  });
  std::sort(found.begin(), found.end(),
            [](const store::ObjectInfo& left, const store::ObjectInfo& right) {
              return left.key < right.key;
            });
  return found;
}

std::vector<std::string> Store::names(const store::Key& prefix) {
  const Operation operation{"list", prefix.text(), m_url};
  const auto entries =
      m_pool.run(operation, [&](Pool::Lease& lease) { return lease->entries(path_of(prefix)); });
  std::vector<std::string> names;
  for (const Entry& entry : entries.value_or(std::vector<Entry>{})) {
    const bool unfinished = entry.name.starts_with(store::unfinished_prefix);
    if (!unfinished && store::Key::is_valid(prefix.text() + "/" + entry.name))
      names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Store::remove(const store::Key& key) {
  const Operation operation{"remove", key.text(), m_url};
  const auto path = path_of(key);
  // By an attempt whose answer was lost, it may be.
  bool was_there = false;
  return m_pool.run(operation, [&](Pool::Lease& lease) {
    if (!object_at(*lease, path)) return was_there;
    was_there = true;
    const bool removed = lease->remove_file(path);
    remove_empty_directories(*lease, m_root, path.substr(0, path.rfind('/')));
    return removed;
  });
}

std::vector<std::string> Store::unfinished(const store::Key& prefix,
                                           const store::KeyTest& pass_over,
                                           util::Time begun_before) {
  const Operation operation{"list", prefix.text(), m_url};
  return m_pool.run(operation, [&](Pool::Lease& lease) {
    std::vector<std::string> found;
    walk(*lease, m_root, prefix.text(), pass_over, [&](const std::string& key, const Entry& entry) {
      if (is_unfinished(entry, begun_before)) found.push_back(key);
    });
    return found;
  });
}

std::vector<std::string> Store::remove_unfinished(const store::Key& prefix,
                                                  util::Time begun_before) {
  const Operation operation{"clean up", prefix.text(), m_url};
  std::vector<std::string> removed;
  m_pool.run(operation, [&](Pool::Lease& lease) {
    walk(*lease, m_root, prefix.text(), store::no_key,
         [&](const std::string& key, const Entry& entry) {
           const auto path = m_root + "/" + key;
           if (entry.status.type == FileType::directory) {
             // Succeeds for those that are empty now.
             lease->remove_directory(path);
           } else if (is_unfinished(entry, begun_before)) {
             if (lease->remove_file(path)) removed.push_back(key);
           }
         });
    remove_empty_directories(*lease, m_root, path_of(prefix));
  });
  return removed;
}

std::optional<store::StoreSpace> Store::space() {
  const Operation operation{"measure", "", m_url};
  return m_pool.run(
      operation, [&](Pool::Lease& lease) { return lease->space(m_root.empty() ? "/" : m_root); });
}

}  // namespace bkp::sftp
