#include "wal/push_ahead.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>

#include "run/state.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "wal/pushing.hpp"

namespace bkp::wal {

namespace {

constexpr std::chrono::milliseconds ahead_look{5};

}  // namespace

PushAhead::PushAhead(run::Context& context)
    : m_context{context},
      m_background{context, run::state_directory(context.config, "wal") / "push.lock"},
      m_list{run::state_path(context.config, "wal") / "push.list"} {}

std::size_t PushAhead::files_at_a_time() const {
  return static_cast<std::size_t>(m_context.config.wal.push_jobs);
}

bool PushAhead::is_listed(const std::string& name) const {
  constexpr std::size_t longest = std::size_t{64} << 10U;
  const auto text = util::read_file(m_list, longest);
  if (!text) return false;
  const auto names = util::split_lines(*text);
  return std::ranges::find(names, name) != names.end();
}

void PushAhead::list(const std::vector<std::filesystem::path>& files) const {
  std::string text;
  for (const auto& file : files) text += file.filename().string() + "\n";
  const auto place = m_list.string() + ".new";
  {
    auto out = util::open_file(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
    util::write_all(out.get(), std::as_bytes(std::span{text}), place);
  }
  // Not flushed: after a crash nobody has the lock.
  std::filesystem::rename(place, m_list);
}

void PushAhead::wait_for(const SourceFile& file) const {
  while (is_listed(file.name()) && m_background.is_at_work()) {
    m_context.interrupt.check();
    m_context.clock.sleep_for(ahead_look);
  }
}

void PushAhead::start_after(const std::filesystem::path& path) const noexcept {
  try {
    if (files_at_a_time() == 0 || waiting_after(path, 1).empty() || m_background.is_at_work())
      return;
    m_background.start({"--ahead", std::filesystem::absolute(path).string()});
  } catch (const std::exception& error) {
    m_context.log.debug("nothing is archived ahead: {}", error.what());
  }
}

void PushAhead::run_after(const std::filesystem::path& path) {
  const auto lock = m_background.begin();
  if (!lock) return;
  auto last = path;
  for (;;) {
    const auto files = waiting_after(last, files_at_a_time());
    if (files.empty()) return;
    list(files);
    const auto pushed = push_unasked(m_context, files);
    if (std::ranges::any_of(pushed, [](const auto& file) { return file.failure.has_value(); }))
      return;
    last = files.back();
  }
}

}  // namespace bkp::wal
