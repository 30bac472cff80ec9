#pragma once

#include <filesystem>
#include <string>

#include "support/program.hpp"

namespace bkp::test {

/// A directory that is a file system of its own as long as this lives, with what was in it. For
/// root, who may mount.
class OwnDisk {
 public:
  /// `size` as tmpfs(5) has it: "8m".
  OwnDisk(std::filesystem::path directory, const std::string& size)
      : m_directory{std::move(directory)} {
    const auto kept = m_directory.string() + ".kept";
    std::filesystem::rename(m_directory, kept);
    std::filesystem::create_directory(m_directory);
    output_of(Program{
        {"mount", "-t", "tmpfs", "-o", "mode=0777,size=" + size, "tmpfs", m_directory.string()}});
    output_of(Program{{"cp", "-a", kept + "/.", m_directory.string()}});
  }
  OwnDisk(const OwnDisk&) = delete;
  OwnDisk& operator=(const OwnDisk&) = delete;
  ~OwnDisk() { Program{{"umount", m_directory.string()}}.run(); }

  void resize(const std::string& size) {
    output_of(Program{{"mount", "-o", "remount,size=" + size, m_directory.string()}});
  }

 private:
  std::filesystem::path m_directory;
};

}  // namespace bkp::test
