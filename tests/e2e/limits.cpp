// What the section `limits` takes: seen on the processes themselves.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "support/archiving_site.hpp"
#include "support/site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;

namespace {

constexpr int best_effort = 2;
constexpr int idle = 3;

struct Task {
  std::string name;  ///< of the program; empty when the task is gone
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
  return found;
}

/// The threads of `parent` and of all processes below it.
std::vector<Task> tasks_of(pid_t parent) {
  std::vector<Task> found;
  std::error_code gone;
  for (const auto& entry :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(parent) + "/task", gone}) {
    const Task task = look_at(std::stoi(entry.path().filename()));
    std::ifstream children{entry.path() / "children"};
    if (!task.name.empty()) found.push_back(task);
    for (pid_t child = 0; children >> child;) {
      const auto below = tasks_of(child);
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

/// The tasks of a run while the server works on a statement like this for it, as it does for a
/// while; `program` is among them.
std::vector<Task> tasks_during(const Cluster& cluster, const RunningProgram& run,
                               const std::string& statement, const std::string& program) {
  REQUIRE(wait_until([&] {
    return cluster.psql("postgres",
                        "select count(*) > 0 from pg_stat_activity where state = 'active' and "
                        "application_name = " +
                            sql_literal(program) + " and query like " + sql_literal(statement)) ==
           "t";
  }));
  auto tasks = tasks_of(run.pid());
  const auto is_program = [&](const Task& task) { return task.name == program; };
  REQUIRE(std::any_of(tasks.begin(), tasks.end(), is_program));
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
  std::vector<Task> tasks_of_dump(const RunningProgram& run) {
    return tasks_during(cluster(), run, "COPY %", "pg_dump");
  }
  std::vector<Task> tasks_of_restore(const RunningProgram& run) {
    return tasks_during(cluster(), run, "CREATE INDEX %", "pg_restore");
  }
};

/// Gives the table an index that takes ten minutes in a database of another name. Indexes are the
/// last that a restore makes.
void hold_indexes_of(const Cluster& cluster, const std::string& database) {
  cluster.psql(database,
               "create function held(text) returns text language plpgsql immutable as $$begin "
               "if current_database() <> " +
                   sql_literal(database) +
                   " then perform pg_catalog.pg_sleep(600); end if; return $1; end$$;"
                   "create index on t (held(md5(repeat)))");
}

}  // namespace

TEST_CASE("a run and all that it starts have the configured niceness and I/O class") {
  const auto [text, niceness, io_class] = GENERATE(table<std::string, int, int>(
      {{"nice: 10, ionice: idle", 10, idle}, {"nice: 3, ionice: best-effort", 3, best_effort}}));
  LimitedSite site{"{rate: 4MiB/s, " + text + "}", 16};
  auto run = site.start({"full", "--db", "heavy"});
  // What started the tests may itself be nice.
  const int together = std::min(19, look_at(::getpid()).niceness + niceness);
  check_priority(site.tasks_of_dump(run), together, io_class);
  CHECK(run.wait().succeeded());
}

TEST_CASE("without limits a run has the priority of who started it") {
  LimitedSite site{"{rate: 4MiB/s}", 16};
  auto run = site.start({"full", "--db", "heavy"});
  const auto own = look_at(::getpid());
  check_priority(site.tasks_of_dump(run), own.niceness, own.io_class);
  CHECK(run.wait().succeeded());
}

TEST_CASE("a test restore gives way, a drill does not: it measures what the bad day would take") {
  LimitedSite site{"{nice: 7, ionice: idle}", 1};
  hold_indexes_of(site.cluster(), "heavy");
  site.must({"full", "--db", "heavy"});
  auto restore = site.start({"verify", "--level", "restore", "--db", "heavy"});
  check_priority(site.tasks_of_restore(restore), 7, idle);
  restore.signal(SIGTERM);
  restore.wait();
  auto drill = site.start({"verify", "--level", "drill", "--db", "heavy"});
  const auto own = look_at(::getpid());
  check_priority(site.tasks_of_restore(drill), own.niceness, own.io_class);
}

TEST_CASE("a dump passes no faster than the rate that is configured") {
  LimitedSite site{"{rate: 2MiB/s}", 16};
  const auto limited = site.must({"full", "--db", "heavy"}).duration;
  site.write_config(site.base_config());
  const auto free = site.must({"full", "--db", "heavy"}).duration;
  CAPTURE(limited.count(), free.count());
  // 16 MiB and some take eight seconds but for the first one's allowance, which is ahead of time.
  CHECK(limited - free >= std::chrono::seconds{5});
}

TEST_CASE("a base backup passes no faster than the rate either, whatever its jobs") {
  ArchivingSite site{"limits: {rate: 16MiB/s}\nfull: {jobs: 3}\n"};
  site.must({"init"});
  site.start_archiving();
  const auto report = site.json({"full", "--method", "base"});
  INFO(report.dump(1));
  REQUIRE(report["exit_code"] == 0);
  const auto bytes = report["result"]["backups"][0]["original_bytes"].get<double>();
  const auto seconds = report["result"]["window"]["seconds"].get<double>();
  // Workers begin with a little in hand.
  CHECK(seconds > 0.7 * bytes / (16 << 20));
}
