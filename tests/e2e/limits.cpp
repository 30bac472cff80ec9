// What the section `limits` takes: seen on the processes themselves.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;

namespace {

constexpr int best_effort = 2;
constexpr int idle = 3;

struct Task {
  std::string name;          ///< of the program
  std::string command_line;  ///< arguments ended by NUL; empty once the task is ending
  int niceness = 0;
  int io_class = 0;
};

Task look_at(pid_t task) {
  Task found;
  std::ifstream comm{"/proc/" + std::to_string(task) + "/comm"};
  std::getline(comm, found.name);
  found.niceness = ::getpriority(PRIO_PROCESS, static_cast<id_t>(task));
  // ioprio_get(2): IOPRIO_WHO_PROCESS = 1; the class stands above bit 13.
  found.io_class = static_cast<int>(::syscall(SYS_ioprio_get, 1, task)) >> 13;
  // Last: what is ending has lost its class by then.
  std::ifstream command_line{"/proc/" + std::to_string(task) + "/cmdline"};
  std::getline(command_line, found.command_line);
  return found;
}

/// The threads of `parent` and of all processes below it, but for those that end meanwhile.
std::vector<Task> tasks_of(pid_t parent) {
  std::vector<Task> found;
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(parent) + "/task", gone}) {
    const Task task = look_at(std::stoi(entry.path().filename()));
    std::ifstream children{entry.path() / "children"};
    if (!task.command_line.empty()) found.push_back(task);
    for (pid_t child = 0; children >> child;) {
      const auto below = tasks_of(child);
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

/// The tasks of a run once `program` is among them, and not just asked for its version.
std::vector<Task> tasks_with(const RunningProgram& run, const std::string& program) {
  std::vector<Task> tasks;
  const bool seen = wait_until([&] {
    tasks = tasks_of(run.pid());
    return std::any_of(tasks.begin(), tasks.end(), [&](const Task& task) {
      return task.name == program && task.command_line.find("--dbname") != std::string::npos;
    });
  });
  REQUIRE(seen);
  return tasks;
}

void check_priority(const std::vector<Task>& tasks, int niceness, int io_class) {
  // The run itself, its threads, the program.
  CHECK(tasks.size() > 2);
  for (const auto& task : tasks) {
    CAPTURE(task.name);
    CHECK(task.niceness == niceness);
    CHECK(task.io_class == io_class);
  }
}

/// A site with a database of `megabytes`, ready to be backed up.
struct LimitedSite : Site {
  LimitedSite(const std::string& limits, int megabytes) : Site{"limits: " + limits + "\n"} {
    must({"init"});
    cluster().create_database("heavy");
    cluster().psql("heavy",
                   "create table t as select repeat(md5(i::text), 32) from generate_series(1, " +
                       std::to_string(megabytes * 1024) + ") i");
  }

  RunningProgram start(std::vector<std::string> arguments) const {
    return bkp().command(std::move(arguments)).start();
  }
};

}  // namespace

TEST_CASE("a run and all that it starts have the configured niceness and I/O class") {
  const auto [text, niceness, io_class] = GENERATE(table<std::string, int, int>(
      {{"nice: 10, ionice: idle", 10, idle}, {"nice: 3, ionice: best-effort", 3, best_effort}}));
  LimitedSite site{"{rate: 4MiB/s, " + text + "}", 16};
  auto run = site.start({"full", "--db", "heavy"});
  check_priority(tasks_with(run, "pg_dump"), niceness, io_class);
  CHECK(run.wait().succeeded());
}

TEST_CASE("without limits a run has the priority of who started it") {
  LimitedSite site{"{rate: 4MiB/s}", 16};
  auto run = site.start({"full", "--db", "heavy"});
  const auto own = look_at(::getpid());
  check_priority(tasks_with(run, "pg_dump"), own.niceness, own.io_class);
  CHECK(run.wait().succeeded());
}

TEST_CASE("a test restore gives way, a drill does not: it measures what the bad day would take") {
  LimitedSite site{"{nice: 7, ionice: idle}", 1};
  hold_restores_of(site.cluster(), "heavy");
  site.must({"full", "--db", "heavy"});
  auto restore = site.start({"verify", "--level", "restore", "--db", "heavy"});
  check_priority(tasks_with(restore, "pg_restore"), 7, idle);
  restore.signal(SIGTERM);
  restore.wait();
  auto drill = site.start({"verify", "--level", "drill", "--db", "heavy"});
  const auto own = look_at(::getpid());
  check_priority(tasks_with(drill, "pg_restore"), own.niceness, own.io_class);
}

TEST_CASE("a dump passes no faster than the rate that is configured") {
  LimitedSite site{"{rate: 4MiB/s}", 16};
  const auto outcome = site.must({"full", "--db", "heavy"});
  // 16 MiB and some, with nothing but the first second's allowance ahead of time.
  CHECK(outcome.duration >= std::chrono::seconds{3});
}
