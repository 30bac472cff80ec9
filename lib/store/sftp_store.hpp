#pragma once

#include <string>
#include <string_view>

#include "store/open.hpp"
#include "store/sftp_pool.hpp"
#include "store/store.hpp"

namespace bkp::store {

/// Objects as files below a directory of an SSH server; the key is the path. Files 0600,
/// directories 0700 (less what the server's umask takes). How they are written: sftp_object.hpp.
/// Empty directories are removed with their last object.
///
/// SFTP has no way to flush a directory: a removal is on the server's disk when its file system
/// writes it, in the order of the removals. Times are whole seconds. Files whose path is no valid
/// key, and what is neither file nor directory, are no objects and stay untouched; a symbolic link
/// to a directory is followed by keys through it and left out of lists. A key below an object
/// ("a/b" beside "a") cannot be created.
///
/// Made of libssh2 itself and not of libcurl's SFTP: libcurl hands out directories as lines of
/// `ls -l`, in which odd names cannot be told apart from what stands before them and times have no
/// seconds; it knows no fsync; what a server refuses comes as text; and which of a host's keys are
/// known it does not ask before it chooses one.
///
/// Connections that are refused, break or fall silent are tried again, with delays that grow; a
/// fetch goes on where it was, if the object has kept its size and time. An upload that breaks
/// fails. What the server refuses is not tried again.
class SftpStore final : public Store {
 public:
  /// Connects. The root must exist (init makes it) or is made when `mode` is create. `url` and
  /// `options` as in Place. Throws Error{config} for the URL, Error{key} for what has to do with
  /// keys of this user or the host, Error{store}.
  SftpStore(std::string_view url, const SftpOptions& options, OpenMode mode, const Seams& seams,
            const SftpLimits& limits = {});

  std::string url() const override;
  std::unique_ptr<stream::Sink> create(const Key& key) override;
  bool fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) override;
  std::optional<ObjectInfo> stat(const Key& key) override;
  std::vector<ObjectInfo> list(const Key& prefix) override;
  std::vector<std::string> names(const Key& prefix) override;
  bool remove(const Key& key) override;
  std::size_t remove_unfinished(const Key& prefix) override;
  std::optional<StoreSpace> space() override;

 private:
  void open_root(OpenMode mode);
  std::string path_of(const Key& key) const;

  SftpPool m_pool;
  std::string m_url;
  std::string m_root;  ///< "" for the server's root directory
};

}  // namespace bkp::store
