// Where a password must not be seen: the list of processes, environments that do not need it, logs,
// the catalog, the runbook, what is printed, a core dump.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "e2e/guarded_site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;
using Catch::Matchers::Matches;

namespace {

const std::string secret = "hush-4711-hush";

/// With a database whose dump takes a while.
struct SecretSite : GuardedSite {
  SecretSite() : GuardedSite{secret} {
    cluster().create_database("app");
    cluster().psql("app",
                   "create table t as select repeat(md5(i::text), 32) from "
                   "generate_series(1, 8000) i");
  }
};

/// A process that ends meanwhile has no more to show, which is no failure.
std::string read_process_file(pid_t process, const std::string& name) {
  const std::ifstream file{"/proc/" + std::to_string(process) + "/" + name, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string name_of(pid_t process) {
  auto name = read_process_file(process, "comm");
  if (!name.empty()) name.pop_back();
  return name;
}

/// A process and all below it.
std::vector<pid_t> processes_from(pid_t parent) {
  std::vector<pid_t> found{parent};
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator{"/proc/" + std::to_string(parent) + "/task", gone}) {
    std::ifstream children{task.path() / "children"};
    for (pid_t child = 0; children >> child;) {
      const auto below = processes_from(child);
      found.insert(found.end(), below.begin(), below.end());
    }
  }
  return found;
}

/// What anybody, or the same user, may see of a run while it goes on.
struct Seen {
  std::string command_lines;
  std::map<std::string, std::string> environments;  ///< by the program's name
  std::vector<std::string> core_limits;             ///< of the program
};

/// Watches it to its end; `program` must be among its children.
Seen watch(RunningProgram& run, const std::string& program) {
  Seen seen;
  bool met = false;
  const bool ended = wait_until([&] {
    for (const auto process : processes_from(run.pid())) {
      const auto command_line = read_process_file(process, "cmdline");
      seen.command_lines += command_line;
      // What is being started has the name, and the environment, of who starts it.
      const auto name = name_of(process);
      const auto environment = read_process_file(process, "environ");
      const bool same = !environment.empty() && name_of(process) == name;
      if (same) seen.environments[name] += environment;
      if (command_line.find(program) == std::string::npos) continue;
      met = true;
      std::ifstream limits{"/proc/" + std::to_string(process) + "/limits"};
      for (std::string line; std::getline(limits, line);)
        if (line.starts_with("Max core file size")) seen.core_limits.push_back(line);
    }
    return !run.running();
  });
  REQUIRE(ended);
  REQUIRE(met);
  return seen;
}

/// Names of the files below `directory` that contain `text`.
std::vector<std::string> files_with(const std::filesystem::path& directory,
                                    const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    if (!entry.is_regular_file()) continue;
    if (read_text(entry.path()).find(text) != std::string::npos)
      found.push_back(entry.path().filename());
  }
  return found;
}

}  // namespace

TEST_CASE("the password of a file is in no command line, no environment and no output") {
  SecretSite site;
  const auto file = site.password_file("pgpass", secret, private_mode);
  site.config("  password_file: " + file.string() + "\n");
  const auto run = [&](std::vector<std::string> arguments, const std::string& program) {
    arguments.emplace_back("--verbose");
    auto running = site.bkp().command(arguments).start();
    const auto seen = watch(running, program);
    const auto outcome = running.wait();
    CAPTURE(outcome);
    CHECK(outcome.succeeded());
    CHECK_THAT(outcome.err, Contains(program));
    CHECK_THAT(outcome.out + outcome.err, !Contains(secret));
    CHECK_THAT(seen.command_lines, !Contains(secret));
    CHECK(seen.environments.size() > 1);
    for (const auto& [name, environment] : seen.environments) {
      CAPTURE(name);
      CHECK_THAT(environment, Contains("PATH=") && !Contains(secret));
    }
    REQUIRE_FALSE(seen.core_limits.empty());
    CHECK_THAT(seen.core_limits.front(), Matches("Max core file size +0 +0 +bytes *"));
  };
  site.must({"init"});
  run({"full", "--db", "app"}, "pg_dump");
  run({"verify", "--db", "app"}, "pg_restore");
  run({"restore", "latest", "--db", "app", "--into", "again"}, "pg_restore");
  site.must({"check"});
  // The store with its runbook and the spool are below it, the server's files too.
  CHECK(files_with(site.directory(), secret) == std::vector<std::string>{"pgpass"});
  const auto catalog =
      output_of(Program{{"pg_dump", "--dbname=" + site.cluster().conninfo("bkp")}});
  CHECK_THAT(catalog, Contains("audit_log") && !Contains(secret));
}

TEST_CASE("a password of the environment goes no further than to PostgreSQL's own programs") {
  SecretSite site;
  // Every program that is asked for a secret tells what it was given.
  const auto asked = site.directory() / "ask";
  const auto told = site.directory() / "told";
  auto conninfo = site.cluster().conninfo();
  conninfo.replace(conninfo.find("user=postgres"), 13, "user=bkp");
  write_text(asked, "#!/bin/sh\nenv >>" + told.string() + "\necho \"" + conninfo + "\"\n");
  std::filesystem::permissions(asked, std::filesystem::perms::owner_all);
  auto text = site.base_config();
  const auto begin = text.find("  conninfo: ") + 12;
  site.write_config(
      text.replace(begin, text.find('\n', begin) - begin, "{command: [" + asked.string() + "]}"));
  const auto bkp = [&] { return site.bkp().with_variable("PGPASSWORD", secret); };
  CHECK(bkp().run({"init"}).succeeded());
  auto running = bkp().command({"full", "--db", "app", "--verbose"}).start();
  const auto seen = watch(running, "pg_dump");
  const auto outcome = running.wait();
  CAPTURE(outcome);
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out + outcome.err, !Contains(secret));
  CHECK_THAT(seen.command_lines, !Contains(secret));
  CHECK_THAT(read_text(told), Contains("PATH=") && !Contains(secret));
  CHECK_THAT(seen.environments.at("pg_dump"), Contains("PGPASSWORD=" + secret));
  CHECK(files_with(site.directory(), secret).empty());
}

TEST_CASE("a password on the command line is masked wherever the line is kept") {
  SecretSite site;
  const auto url = "sftp://bkp:" + secret + "@host/path";
  const auto refused =
      site.run({"restore", "latest", "--db", "app", "--store", url, "--site", "s"});
  CAPTURE(refused);
  CHECK_FALSE(refused.succeeded());
  CHECK_THAT(refused.out + refused.err, !Contains(secret));
  CHECK(files_with(site.directory(), secret).empty());
}
