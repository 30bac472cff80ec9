#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bkp::recover {

/// A file of which a chain of backups has given some pages so far.
struct UnfinishedFile {
  std::vector<bool> missing;  ///< by page
  std::size_t left = 0;       ///< pages that are missing
};

/// What the files still lack while a chain is restored, newest backup first. Files are entered by
/// any thread, and each is worked on by one at a time.
class MissingPages {
 public:
  /// All of the file's pages but `there`. Entered again it begins anew.
  void enter(const std::string& path, std::uint32_t pages, std::span<const std::uint32_t> there);
  /// nullptr when nothing is missing of it.
  UnfinishedFile* find(const std::string& path);
  bool any() const;
  struct Page {
    std::string path;
    std::size_t block = 0;
  };
  /// For an error.
  std::optional<Page> first() const;

 private:
  mutable std::mutex m_mutex;
  std::map<std::string, UnfinishedFile> m_files;
};

/// The pages that one part has given, so that they can be taken back: a part whose copy proves bad
/// in the end has given nothing.
class GivenPages {
 public:
  /// Notes that the page is there now.
  void give(UnfinishedFile& file, std::uint32_t block);
  void take_back();

 private:
  std::vector<std::pair<UnfinishedFile*, std::uint32_t>> m_pages;
};

}  // namespace bkp::recover
