#pragma once

#include <filesystem>

#include "store/local_directory.hpp"
#include "store/store.hpp"
#include "util/fd.hpp"

namespace bkp::store {

/// Objects as files below a directory; the key is the path. Files 0600, directories 0700, whatever
/// the umask. An object is written to ".bkp-<random>" in its directory, flushed, given its name
/// (which fails if that exists), and the directory flushed, as are the parents of directories made
/// for it. Empty directories are removed with their last object.
///
/// Symbolic links below the root are refused with an Error, not followed: a link could lead writes
/// and removals out of the store. The root itself may be one. Files whose path is no valid key, and
/// what is neither file nor directory, are no objects and stay untouched. A key below an object
/// ("a/b" beside "a") cannot be created.
class LocalStore final : public Store {
 public:
  /// The root must exist (init makes it) or is made when `create_root`. Throws Error{store}. The
  /// root is held open from then on: a file system mounted over it later is not written to.
  LocalStore(const std::filesystem::path& root, bool create_root);

  std::string url() const override;
  std::unique_ptr<stream::Sink> create(const Key& key) override;
  bool fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) override;
  std::optional<ObjectInfo> stat(const Key& key) override;
  std::vector<ObjectInfo> list(const Key& prefix) override;
  std::vector<std::string> names(const Key& prefix) override;
  bool remove(const Key& key) override;
  std::vector<std::string> unfinished(const Key& prefix, const KeyTest& pass_over,
                                      util::Time begun_before) override;
  std::vector<std::string> remove_unfinished(const Key& prefix, util::Time begun_before) override;
  std::optional<StoreSpace> space() override;

 private:
  std::string m_url;
  util::Fd m_root;
  FlushedDirectories m_flushed;
};

}  // namespace bkp::store
