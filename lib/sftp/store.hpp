#pragma once

#include <string>
#include <string_view>

#include "sftp/pool.hpp"
#include "store/opening.hpp"
#include "store/store.hpp"

namespace bkp::sftp {

/// Objects as files below a directory of an SSH server; the key is the path. Files 0600,
/// directories 0700 (less what the server's umask takes). How they are written: object.hpp.
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
class Store final : public store::Store {
 public:
  /// Connects. The root must exist (init makes it) or is made when `mode` is create. Throws
  /// Error{config} for the URL, see parse_url(), Error{key} for what has to do with keys of this
  /// user or the host, Error{store}.
  Store(std::string_view url, const Options& options, store::OpenMode mode,
        const store::Seams& seams, const Limits& limits = {});

  std::string url() const override;
  std::unique_ptr<stream::Sink> create(const store::Key& key) override;
  bool fetch(const store::Key& key, std::optional<store::ByteRange> range,
             stream::Sink& sink) override;
  std::optional<store::ObjectInfo> stat(const store::Key& key) override;
  std::vector<store::ObjectInfo> list(const store::Key& prefix) override;
  std::vector<std::string> names(const store::Key& prefix) override;
  bool remove(const store::Key& key) override;
  std::vector<std::string> unfinished(const store::Key& prefix, const store::KeyTest& pass_over,
                                      util::Time begun_before) override;
  std::vector<std::string> remove_unfinished(const store::Key& prefix,
                                             util::Time begun_before) override;
  std::optional<store::StoreSpace> space() override;

 private:
  void open_root(store::OpenMode mode);
  std::string path_of(const store::Key& key) const;

  Pool m_pool;
  std::string m_url;
  std::string m_root;  ///< "" for the server's root directory
};

}  // namespace bkp::sftp
