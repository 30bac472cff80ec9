#include "run/scheduled_run.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fmt/format.h>

#include "run/state.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::run {

using util::Error;
using util::ErrorKind;

namespace {

// RFC 9562, as util::random_uuid() writes it. It becomes the name of a file.
bool is_uuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, shape, [](char c, char wanted) {
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    return wanted == 'x' ? is_digit : c == wanted;
  });
}

std::optional<catalog::ScheduledRun> parse(std::string_view text) {
  const auto first = std::min(text.find(' '), text.size());
  const auto second = std::min(text.find(' ', first + 1), text.size());
  if (second == text.size()) return std::nullopt;
  catalog::ScheduledRun run;
  run.run_key = text.substr(0, first);
  const char* const number_end = text.data() + second;
  const auto [end, error] = std::from_chars(text.data() + first + 1, number_end, run.schedule_id);
  if (!is_uuid(run.run_key) || error != std::errc{} || end != number_end) return std::nullopt;
  try {
    run.due_at = util::parse_time(text.substr(second + 1));
    return run;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::string to_text(const catalog::ScheduledRun& run) {
  return fmt::format("{} {} {}", run.run_key, run.schedule_id, util::format_rfc3339(run.due_at));
}

std::optional<catalog::ScheduledRun> scheduled_run(const util::Environment& environment) {
  const auto text = environment.get(scheduled_run_variable);
  if (!text) return std::nullopt;
  if (auto run = parse(*text)) return run;
  throw Error{
      ErrorKind::usage,
      fmt::format("{} is {}, which names no run", scheduled_run_variable, util::quoted(*text)),
      "take it out of the environment: only `bkp schedule run-due` sets it"};
}

Claims::Claims(const config::Config& config)
    : m_directory{state_directory(config, "schedule") / "claims"} {
  util::make_private_directories(m_directory);
}

// Locked before it has its name: whoever sees it unlocked knows that its process is gone.
util::Fd Claims::claim(const catalog::ScheduledRun& run) const {
  const auto path = m_directory / run.run_key;
  const auto unfinished = m_directory / fmt::format("{}.{}", run.run_key, ::getpid());
  auto file = util::open_or_make(unfinished);
  const auto text = to_text(run);
  const bool written =
      ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 &&
      ::pwrite(file.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  // What is there without its text would be taken for no claim after a crash.
  const bool claimed =
      written && ::fdatasync(file.get()) == 0 && ::link(unfinished.c_str(), path.c_str()) == 0;
  const int error_number = errno;
  ::unlink(unfinished.c_str());
  if (claimed) {
    util::sync_directory(m_directory);
    return file;
  }
  if (written && error_number == EEXIST) return {};
  throw Error::from_errno(ErrorKind::store, "cannot make " + util::quoted(path.string()),
                          error_number);
}

std::vector<Claims::Claim> Claims::all() const {
  std::vector<Claim> claims;
  for (const auto& entry : std::filesystem::directory_iterator{m_directory}) {
    if (auto claim = find(entry.path().filename().string())) claims.push_back(std::move(*claim));
  }
  return claims;
}

std::optional<Claims::Claim> Claims::find(const std::string& run_key) const {
  if (!is_uuid(run_key)) return std::nullopt;
  const util::Fd file{::open((m_directory / run_key).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file) return std::nullopt;
  std::array<char, 128> text{};
  const auto size = ::pread(file.get(), text.data(), text.size(), 0);
  auto run = parse({text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  // Claimed it is, whatever stands in it.
  if (!run) run = catalog::ScheduledRun{run_key, 0, {}};
  return Claim{std::move(*run), ::flock(file.get(), LOCK_SH | LOCK_NB) != 0};
}

void Claims::forget(const std::string& run_key) const {
  ::unlink((m_directory / run_key).c_str());
}

}  // namespace bkp::run
