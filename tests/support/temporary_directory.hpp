#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bkp::test {

/// A private directory (0700) under $TMPDIR or /tmp, removed with everything in it by the
/// destructor. Its path is kept short, so that a socket in it stays within the 107 bytes of
/// sun_path.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  std::filesystem::path operator/(std::string_view name) const { return m_path / name; }

 private:
  std::filesystem::path m_path;
};

/// The whole file; throws std::runtime_error when it cannot be read.
std::string read_text(const std::filesystem::path& path);

/// Writes (replaces) a file; throws std::runtime_error when it cannot.
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace bkp::test
