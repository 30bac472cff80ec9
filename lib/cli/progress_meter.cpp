#include "cli/progress_meter.hpp"

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::cli {

namespace {

constexpr int redraw_milliseconds = 200;
constexpr char status_byte = 's';
constexpr char end_byte = 'e';

void to_stderr(const std::string& text) {
  // Nobody may be listening; progress is never worth an error.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

ProgressMeter::ProgressMeter(std::string program, bool live, const util::Clock& clock)
    : m_program{std::move(program)},
      m_live{live},
      m_clock{clock},
      m_wakeup{util::make_pipe()},
      m_watcher{[this] { watch(); }} {}

ProgressMeter::~ProgressMeter() {
  [[maybe_unused]] const ssize_t written = ::write(m_wakeup.write.get(), &end_byte, 1);
}

void ProgressMeter::begin(std::string step, std::optional<std::uint64_t> total_bytes) {
  const std::lock_guard lock{m_mutex};
  m_step = util::printable(step);
  m_total = total_bytes;
  m_started = m_clock.steady();
  m_done = 0;
}

void ProgressMeter::end() {
  const std::lock_guard lock{m_mutex};
  m_step.clear();
  if (m_live) to_stderr("\r\x1b[K");
}

std::string ProgressMeter::status_line() const {
  if (m_step.empty()) return "between two steps";
  const std::uint64_t done = m_done;
  // A program that works out of sight gives no figures.
  if (done == 0 && !m_total) return m_step;
  const std::chrono::duration<double> elapsed = m_clock.steady() - m_started;
  const double rate = elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
  auto line = fmt::format("{}: {}", m_step, util::format_size(done));
  if (m_total && *m_total >= done) line += fmt::format(" of {}", util::format_size(*m_total));
  line += fmt::format(", {}/s", util::format_size(static_cast<std::uint64_t>(rate)));
  if (m_total && *m_total >= done && rate > 0) {
    const std::chrono::duration<double> left{static_cast<double>(*m_total - done) / rate};
    line += fmt::format(", {} left", util::format_duration(left));
  }
  return line;
}

void ProgressMeter::watch() {
  for (;;) {
    pollfd wakeup{m_wakeup.read.get(), POLLIN, 0};
    const int ready = ::poll(&wakeup, 1, m_live ? redraw_milliseconds : -1);
    if (ready > 0) {
      char byte = end_byte;
      if (::read(m_wakeup.read.get(), &byte, 1) != 1 || byte != status_byte) return;
    }
    const std::lock_guard lock{m_mutex};
    if (ready > 0) {
      to_stderr(fmt::format("{}{}: {}\n", m_live ? "\r\x1b[K" : "", m_program, status_line()));
    } else if (ready == 0 && !m_step.empty()) {
      to_stderr("\r\x1b[K" + status_line());
    }
  }
}

}  // namespace bkp::cli
