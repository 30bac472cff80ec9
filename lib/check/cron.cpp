#include <signal.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "check/topics.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

// Comments and assignments are no jobs. cron(8): crontab(5), "Description".
bool runs(std::string_view line, std::string_view command) {
  const auto start = line.find_first_not_of(" \t");
  return start != line.npos && line[start] != '#' && line.find(command) != line.npos;
}

// Why cron would pass over a file in /etc/cron.d. cron(8), "Notes".
std::string reason_to_ignore(const std::filesystem::path& file, std::string_view text) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return "it cannot be examined";
  if (info.st_uid != 0) return "it does not belong to root";
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others than root can write it";
  if (!text.empty() && !text.ends_with('\n')) return "its last line has no line end";
  return {};
}

bool is_running(const std::filesystem::path& pid_file) {
  const auto text = util::read_file(pid_file, 64);
  if (!text) return false;
  int pid = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (error != std::errc{} || pid <= 0) return false;
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace

void examine_cron(const CronPlaces& places, Findings& findings) {
  const auto name = util::quoted(places.file.string());
  findings.attempt("cron", [&] {
    const auto text = util::read_file(places.file, std::size_t{1} << 20U);
    if (!text) {
      findings.warning(
          "cron", fmt::format("there is no {}: nothing runs by itself", name),
          "install the cron file that comes with bkp (share/bkp/cron/bkp), or see that "
          "another scheduler runs `bkp schedule run-due` every minute");
      return;
    }
    if (const auto reason = reason_to_ignore(places.file, *text); !reason.empty()) {
      findings.warning("cron", fmt::format("cron ignores {}: {}", name, reason),
                       fmt::format("install -o root -g root -m 644 YOUR-COPY {}",
                                   util::shell_quoted(places.file.string())));
      return;
    }
    const auto lines = util::split_lines(*text);
    const auto has = [&](std::string_view command) {
      return std::ranges::any_of(lines, [&](auto line) { return runs(line, command); });
    };
    const bool by_schedules = has("bkp schedule run-due");
    if (!by_schedules && !has("bkp full")) {
      findings.warning("cron",
                       fmt::format("no active line of {} runs `bkp schedule run-due`", name),
                       "install the cron file that comes with bkp (share/bkp/cron/bkp)");
      return;
    }
    if (by_schedules && has("bkp full")) {
      findings.warning(
          "cron",
          fmt::format("{} begins what is due by schedule and `bkp full` besides: twice", name),
          "remove one of the two: `bkp schedule list` shows the schedules");
      return;
    }
    if (!is_running(places.pid_file)) {
      findings.warning("cron", fmt::format("{} is installed, but cron does not seem to run", name),
                       "systemctl enable --now cron  (crond on some systems)");
      return;
    }
    findings.ok("cron", by_schedules ? fmt::format("{} begins what is due by schedule", name)
                                     : fmt::format("{} runs full backups", name));
  });
}

}  // namespace bkp::check
