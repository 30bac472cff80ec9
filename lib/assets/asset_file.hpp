#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "util/clock.hpp"
#include "util/fd.hpp"
#include "util/interrupt.hpp"

namespace bkp::assets {

enum class AssetState {
  ok,
  missing,     ///< no file has that name
  corrupt,     ///< its contents are not those that the database knows
  unreadable,  ///< not to be told: no permission, no regular file, not below the root, a bad disk
};

std::string_view to_text(AssetState state);

/// What there is in the place of an asset.
struct FoundFile {
  AssetState state = AssetState::ok;
  std::optional<std::uint64_t> bytes;  ///< of a regular file
  std::string sha256;                  ///< empty unless it was read
  util::Time modified;                 ///< when it was, where it was read
  std::string error;                   ///< why it is unreadable
  bool changing = false;               ///< it was written to while it was read: nothing is known
};

/// A path as seen from `root`, whose own or a whole one it is; nullopt for one that is elsewhere.
std::optional<std::string> below(const std::filesystem::path& root, const std::string& path);

/// The directory that assets are in. Nothing outside of it is opened, whatever a path or a link in
/// it says (openat2(2), RESOLVE_BENEATH). Any thread.
class AssetRoot {
 public:
  /// Throws Error{store} for a directory that cannot be opened.
  explicit AssetRoot(std::filesystem::path path);

  /// Whether it is there, without reading it: never `corrupt`.
  FoundFile look_at(const std::string& path) const;
  /// Reads it; `corrupt` when `sha256` is given and its contents have another. Gives way to other
  /// readers of the disk's cache. Throws Error{interrupted}.
  FoundFile read(const std::string& path, std::string_view sha256,
                 const util::Interrupt& interrupt) const;

 private:
  util::Fd open_below(const std::string& path, int flags, FoundFile& found) const;

  std::filesystem::path m_path;
  util::Fd m_directory;
};

}  // namespace bkp::assets
