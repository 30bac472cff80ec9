#include "wal/read_ahead.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "pg/control_file.hpp"
#include "pg/wal_segment_header.hpp"
#include "run/state.hpp"
#include "stream/fd_sink.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "wal/archive_reader.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::milliseconds read_ahead_look{5};

/// How an ArchiveReader calls what it is at.
std::filesystem::path unfinished(const std::filesystem::path& path) {
  return path.string() + ".bkp";
}

void copy_contents(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto in = util::open_file(from, O_RDONLY);
  const auto place = unfinished(to);
  auto out = util::open_file(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  std::vector<std::byte> piece(std::size_t{256} << 10U);
  while (const auto got = util::read_some(in.get(), piece, from.string()))
    util::write_all(out.get(), std::span{piece}.first(got), to.string());
  out.close(to.string());
  std::filesystem::rename(place, to);
}

/// In one step, also onto another file system.
void move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return;
  if (errno != EXDEV) {
    throw Error::from_errno(ErrorKind::store, "cannot make " + util::quoted(to.string()), errno);
  }
  copy_contents(from, to);
  std::filesystem::remove(from);
}

}  // namespace

ReadAhead::ReadAhead(run::Context& context, std::uint64_t system_identifier, run::ReadingKeys keys)
    : m_context{context},
      m_system_identifier{system_identifier},
      m_keys{std::move(keys)},
      m_directory{run::state_directory(context.config, "wal") / "fetched" /
                  std::to_string(system_identifier)},
      m_background{context, run::state_path(context.config, "wal") / "fetch.lock"} {
  util::make_private_directories(m_directory);
}

bool ReadAhead::take(const std::string& name, const std::filesystem::path& destination) const {
  const auto place = place_of(name);
  std::error_code unknown;
  while (!std::filesystem::exists(place, unknown)) {
    if (!std::filesystem::exists(unfinished(place), unknown) || !m_background.is_at_work()) {
      // It may have got its name just now.
      if (std::filesystem::exists(place, unknown)) break;
      return false;
    }
    m_context.interrupt.check();
    m_context.clock.sleep_for(read_ahead_look);
  }
  move_file(place, destination);
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, unknown}) {
    if (entry.path().filename().string() <= name) std::filesystem::remove(entry.path(), unknown);
  }
  return true;
}

std::vector<std::string> ReadAhead::names_after(const std::string& name,
                                                pg::WalSegmentSize size) const {
  const auto file = pg::parse_wal_name(name, size);
  std::vector<std::string> names;
  if (!file || file->kind != pg::WalFileKind::segment) return names;
  const auto count = 2 * static_cast<std::uint64_t>(m_context.config.wal.fetch_jobs);
  for (std::uint64_t i = 1; i <= count; ++i)
    names.push_back(pg::wal_segment_name({file->timeline, file->number + i}, size));
  return names;
}

void ReadAhead::start_after(const std::string& name, pg::WalSegmentSize size) const noexcept {
  try {
    const auto names = names_after(name, size);
    const auto here = std::ranges::count_if(
        names, [&](const auto& one) { return std::filesystem::exists(place_of(one)); });
    if (names.empty() || 2 * static_cast<std::size_t>(here) > names.size() ||
        m_background.is_at_work())
      return;
    std::vector<std::string> arguments{"--ahead", fmt::format("{}:{}", size, m_system_identifier),
                                       name};
    for (const auto& file : m_keys.identity_files) {
      arguments.emplace_back("--identity");
      arguments.push_back(std::filesystem::absolute(file).string());
    }
    m_background.start(arguments);
  } catch (const std::exception& error) {
    m_context.log.debug("nothing is fetched ahead: {}", error.what());
  }
}

void ReadAhead::clear() const noexcept {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, ignored})
    std::filesystem::remove(entry.path(), ignored);
}

void ReadAhead::run_after(const std::string& name, pg::WalSegmentSize size) {
  const auto lock = m_background.begin();
  if (!lock) return;
  const auto names = names_after(name, size);
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory, unknown}) {
    if (std::ranges::find(names, entry.path().filename().string()) == names.end())
      std::filesystem::remove(entry.path(), unknown);
  }
  ArchiveReader reader{m_context, m_system_identifier, m_keys};
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> ended = false;
  const auto work = [&] {
    while (!ended) {
      const auto i = next++;
      if (i >= names.size()) return;
      try {
        const auto place = place_of(names[i]);
        if (!std::filesystem::exists(place) && !reader.fetch(names[i], place)) ended = true;
      } catch (const std::exception& error) {
        m_context.log.debug("{} is not fetched ahead: {}", names[i], error.what());
        ended = true;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < m_context.config.wal.fetch_jobs; ++i) threads.emplace_back(work);
}

}  // namespace bkp::wal
