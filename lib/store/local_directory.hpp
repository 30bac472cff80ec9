#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "util/error.hpp"
#include "util/fd.hpp"

namespace bkp::store {

/// What a local store is doing, for its errors: "cannot create "studio/x" in file:///srv/b".
struct LocalOperation {
  std::string_view verb;
  std::string_view key;
  std::string_view url;

  std::string name() const;  ///< "studio/x" in file:///srv/b
  util::Error failed(int error_number) const;
  /// `part` of the way, or the object itself, is a symbolic link.
  util::Error refused_link(std::string_view part) const;
};

/// The directories whose names are known to be on the disk. To be shared between threads.
class FlushedDirectories {
 public:
  /// Flushes the name of `directory`, which is open in `parent`, unless that is known to be
  /// needless.
  void flush(int parent, int directory, const LocalOperation& operation);

 private:
  /// Device, its two parts; inode; and time of birth, ns: a number is given again, to one of
  /// another birth.
  using Identity = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::int64_t>;

  std::mutex m_mutex;
  std::set<Identity> m_flushed;
};

/// A directory below a local store's root, and all directories between, held open. Each was reached
/// from the one before it, never through a symbolic link; so what is done through it stays in the
/// store, whatever is renamed or replaced meanwhile.
class LocalDirectory {
 public:
  /// The directory of `parts` below `root`; nullopt where there is none.
  static std::optional<LocalDirectory> open(int root, std::vector<std::string_view> parts,
                                            const LocalOperation& operation);

  /// Makes what is missing, 0700 and of the owner of the directory it is made in (see
  /// util::give_to_owner_of), and flushes the names that `flushed` does not know. nullopt when a
  /// directory was removed meanwhile by somebody who found it empty: try again.
  static std::optional<LocalDirectory> make(int root, std::vector<std::string_view> parts,
                                            FlushedDirectories& flushed,
                                            const LocalOperation& operation);

  int fd() const { return m_chain.back().get(); }

  /// Removes the directory and its parents, as far as they are empty, up to the root, which stays.
  void remove_if_empty() noexcept;

 private:
  LocalDirectory(int root, std::vector<std::string_view> parts, const LocalOperation& operation);

  std::vector<std::string> m_parts;
  std::vector<util::Fd> m_chain;  ///< the root first; one more than parts once complete
};

/// Opens a directory in `parent`; no Fd where there is none. Throws for a symbolic link.
util::Fd open_directory_in(int parent, const std::string& name, const LocalOperation& operation);

/// The state of what `name` is in `parent`; nullopt where there is nothing. Throws for a symbolic
/// link.
std::optional<struct ::stat> status_in(int parent, const std::string& name,
                                       const LocalOperation& operation);

/// The names in a directory, without "." and "..", in no order.
std::vector<std::string> names_in(int directory, const LocalOperation& operation);

/// Flushes a file or directory.
void sync(int fd, const LocalOperation& operation);

}  // namespace bkp::store
