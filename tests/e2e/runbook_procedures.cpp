// The site's own steps on the runbook's page, typed from it: a real Redis and a directory of
// uploads are lost, and come back.
#include <catch2/catch.hpp>

#include <filesystem>

#include "e2e/runbook_bench.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// A throwaway Redis on a Unix socket, which keeps its snapshot beside it.
class Redis {
 public:
  explicit Redis(std::filesystem::path place) : m_place{std::move(place)} {
    std::filesystem::create_directories(m_place);
    // One program, which goes by its name. Debian's package of that name starts a service.
    std::filesystem::create_symlink("/usr/bin/redis-check-rdb", m_place / "redis-server");
    output_of(Program{{"sh", "-c", start_command()}});
  }
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;
  ~Redis() { program({"shutdown", "nosave"}).run(); }

  std::string socket() const { return (m_place / "socket").string(); }
  std::string pid_file() const { return (m_place / "pid").string(); }
  std::filesystem::path snapshot() const { return m_place / "dump.rdb"; }
  /// It answers then.
  std::string start_command() const {
    return (m_place / "redis-server").string() +
           " --port 0 --daemonize yes --save '' --unixsocketperm 777 --unixsocket " + socket() +
           " --dir " + m_place.string() + " --pidfile " + pid_file() + " --logfile " +
           (m_place / "log").string() + " && until redis-cli -s " + socket() +
           " ping >/dev/null 2>&1; do sleep 0.05; done";
  }
  std::string ask(std::vector<std::string> command) const {
    return output_of(program(std::move(command)));
  }

 private:
  Program program(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"redis-cli", "-s", socket()});
    return Program{std::move(arguments)};
  }

  std::filesystem::path m_place;
};

std::string procedures(const Redis& redis, const std::filesystem::path& fetched,
                       const std::filesystem::path& copy, const std::filesystem::path& uploads) {
  const auto exported = (fetched / "configuration/redis/output").string();
  return "config_export:\n  sections:\n"
         "    - {name: redis, command: [redis-cli, -s, " +
         redis.socket() +
         ", --rdb, \"-\"], secret: keep}\n"
         "runbook:\n"
         "  procedures:\n"
         "    - title: Uploads & <more>\n"
         "      when: Uploads are lost or damaged\n"
         "      steps:\n"
         "        - command: rsync -a --backup --suffix=.before " +
         copy.string() + "/ " + uploads.string() +
         "/\n"
         "    - title: Redis\n"
         "      steps:\n"
         "        - text: \"Unpack the configuration: chapter H, with stock tools.\"\n"
         "        - text: 'It must say \"RDB looks OK\".'\n"
         "          command: redis-check-rdb " +
         exported +
         "\n"
         "        - text: Put it in its place.\n"
         "          command: |\n"
         "            old=$(cat " +
         redis.pid_file() + ")\n            redis-cli -s " + redis.socket() +
         " shutdown nosave &&  # it is wrong anyway, and what is \"behind\" comments stays\n"
         "            tail --pid=\"$old\" -f /dev/null &&\n"
         "            cp " +
         exported + " " + redis.snapshot().string() + " &&\n            " + redis.start_command() +
         "\n"
         "          as: redis\n";
}

}  // namespace

TEST_CASE("chapter J: uploads and a Redis come back by the site's own steps") {
  const TemporaryDirectory desk;
  const Redis redis{desk / "redis"};
  const auto copy = desk / "second host";
  const auto uploads = desk / "uploads";
  for (const auto& place : {copy, uploads}) {
    std::filesystem::create_directories(place);
    write_text(place / "portrait.png", "a picture");
    write_text(place / "voice.wav", "a voice");
  }
  redis.ask({"set", "session:1", "ada"});
  redis.ask({"rpush", "queue", "render", "publish"});

  std::string yaml;
  Bench bench{"", "studio", [&](const Site& site) {
                yaml = procedures(redis, site.directory() / "state/scratch/fetched",
                                  desk / "'second host'", uploads);
                site.write_config(site.base_config() + yaml);
              }};
  const auto page = read_text(bench.page());
  CHECK_THAT(page,
             Contains("<a href=\"#own-1\"><strong>J</strong> Uploads &amp; &lt;more&gt;</a>") &&
                 Contains("Uploads are lost or damaged"));
  CHECK(bench.step("own-2-3").as == "redis");
  CHECK_THAT(bench.step("own-2-3").text, Contains("# it is wrong anyway"));

  std::filesystem::remove(uploads / "portrait.png");
  write_text(uploads / "voice.wav", "noise");
  redis.ask({"flushall"});
  redis.ask({"set", "session:1", "eve"});

  CHECK(bench.follow("own-1") == 1);
  CHECK(read_text(uploads / "portrait.png") == "a picture");
  CHECK(read_text(uploads / "voice.wav") == "a voice");
  CHECK(read_text(uploads / "voice.wav.before") == "noise");

  CHECK(bench.follow("configuration-stock") == 2);
  CHECK_THAT(bench.type(bench.step("own-2-2").text).out, Contains("RDB looks OK"));
  CHECK(bench.follow("own-2") == 2);
  CHECK(redis.ask({"get", "session:1"}) == "ada\n");
  CHECK(redis.ask({"lrange", "queue", "0", "-1"}) == "render\npublish\n");
}

TEST_CASE("where a site has written nothing down, the page says what is not in the backups") {
  Bench bench;
  CHECK_THAT(read_text(bench.page()), Contains("<a href=\"#own\"><strong>J</strong>") &&
                                          Contains("a Redis are not in these backups") &&
                                          Contains("runbook.procedures"));
}

TEST_CASE("check warns of a secret in what the page shows, and of no reference to one") {
  Site site{
      "runbook:\n  procedures:\n    - title: Redis\n      steps:\n"
      "        - text: \"Ask Ada for the password: she has it.\"\n"
      "        - command: REDISCLI_AUTH=hunter2 redis-cli dbsize\n"
      "        - command: PGPASSWORD=$PW psql --password \"$PW\"\n"
      "        - command: REDISCLI_AUTH=`cat /etc/bkp/redis` redis-cli dbsize\n"};
  const auto outcome = site.run({"check"});
  CAPTURE(outcome);
  CHECK_THAT(outcome.out,
             Contains("the command of step 2 of \"Redis\" looks as if it held a secret") &&
                 !Contains("hunter2") && !Contains("of step 1") && !Contains("of step 3") &&
                 !Contains("of step 4"));
}
