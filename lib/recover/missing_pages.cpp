#include "recover/missing_pages.hpp"

#include <algorithm>

namespace bkp::recover {

void MissingPages::enter(const std::string& path, std::uint32_t pages,
                         std::span<const std::uint32_t> there) {
  UnfinishedFile file{std::vector<bool>(pages, true), pages - there.size()};
  for (const auto block : there) file.missing[block] = false;
  const std::lock_guard lock{m_mutex};
  m_files.insert_or_assign(path, std::move(file));
}

UnfinishedFile* MissingPages::find(const std::string& path) {
  const std::lock_guard lock{m_mutex};
  const auto found = m_files.find(path);
  return found == m_files.end() || found->second.left == 0 ? nullptr : &found->second;
}

bool MissingPages::any() const {
  return first().has_value();
}

std::optional<MissingPages::Page> MissingPages::first() const {
  const std::lock_guard lock{m_mutex};
  for (const auto& [path, file] : m_files) {
    if (file.left == 0) continue;
    const auto page = std::ranges::find(file.missing, true);
    return Page{path, static_cast<std::size_t>(page - file.missing.begin())};
  }
  return std::nullopt;
}

void GivenPages::give(UnfinishedFile& file, std::uint32_t block) {
  file.missing[block] = false;
  --file.left;
  m_pages.emplace_back(&file, block);
}

void GivenPages::take_back() {
  for (const auto& [file, block] : m_pages) {
    file->missing[block] = true;
    ++file->left;
  }
  m_pages.clear();
}

}  // namespace bkp::recover
