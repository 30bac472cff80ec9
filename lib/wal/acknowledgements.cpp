#include "wal/acknowledgements.hpp"

#include <fcntl.h>

#include <algorithm>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::wal {

namespace {

// A note that was cut by a crash has not this line.
constexpr std::string_view last_line = "end";

constexpr std::size_t largest_note = std::size_t{64} << 10U;

}  // namespace

void Acknowledgements::add(const SourceFile& file,
                           const std::vector<std::string>& places) const noexcept {
  try {
    std::string text = file.identity() + "\n";
    for (const auto& place : places) text += place + "\n";
    text += last_line;
    util::make_private_directories(m_directory);
    const auto path = m_directory / file.name();
    const auto note = util::open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    util::write_all(note.get(), std::as_bytes(std::span{text}), path.string());
  } catch (const std::exception&) {
    // See the header.
  }
}

bool Acknowledgements::holds(const SourceFile& file, const std::vector<std::string>& places) const {
  const auto text = util::read_file(m_directory / file.name(), largest_note);
  if (!text) return false;
  const auto lines = util::split_lines(*text);
  if (lines.size() < 2 || lines.front() != file.identity() || lines.back() != last_line)
    return false;
  return std::ranges::all_of(places, [&](const auto& place) {
    return std::find(lines.begin() + 1, lines.end() - 1, place) != lines.end() - 1;
  });
}

bool Acknowledgements::take(const SourceFile& file, const std::vector<std::string>& places) const {
  const bool held = holds(file, places);
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, unknown}) {
    if (entry.path().filename().string() <= file.name())
      std::filesystem::remove(entry.path(), unknown);
  }
  return held;
}

}  // namespace bkp::wal
