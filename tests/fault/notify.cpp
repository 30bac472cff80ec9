// Channels that are down, hang, refuse, lead elsewhere; runs that are killed while they tell; texts
// that want to be more than text.
#include <catch2/catch.hpp>
#include <csignal>

#include "support/notified_site.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::size_t waiting(const NotifiedSite& site) {
  return site.json({"notify", "list"})["result"]["waiting"].size();
}

}  // namespace

TEST_CASE("a channel that is down costs a run nothing, and is told later") {
  NotifiedSite site;
  const std::string how = GENERATE("500", "close", "302 http://127.0.0.1:1/elsewhere");
  site.must({"full"});
  site.slack().answer(how);
  site.lose_store();
  const auto failed = site.run({"full"});
  CHECK(failed.exit_code == 6);
  CHECK_THAT(failed.err, Contains("channel \"ops\" was not told of \"bkp full failed\"") &&
                             Contains("it is tried again"));
  CHECK(waiting(site) == 1);
  CHECK(site.mail().received().size() == 1);
  site.find_store();
  site.must({"full"});
  site.slack().answer("200");
  output_of(site.command_at("+10min", {"schedule", "run-due"}));
  CHECK(waiting(site) == 0);
  auto titles = site.titles();
  titles.erase(titles.begin(), titles.end() - 2);
  CHECK(titles == std::vector<std::string>{"*bkp full failed*", "*bkp full works again*"});
}

TEST_CASE("a mail server that is gone costs a run nothing") {
  NotifiedSite site;
  auto config = site.base_config() + "schedules: []\n" + site.channels();
  const auto url = site.mail().url();
  config.replace(config.find(url), url.size(), "smtp://127.0.0.1:1");
  site.write_config(config);
  site.lose_store();
  CHECK(site.run({"full"}).exit_code == 6);
  CHECK(site.titles() == std::vector<std::string>{"*bkp full failed*"});
  CHECK(waiting(site) == 1);
  site.find_store();
  CHECK(site.run({"full"}).exit_code == 0);
}

TEST_CASE("a backup is good, and soon done, while every channel hangs") {
  NotifiedSite site;
  site.slack().answer("hang");
  site.ping().answer("hang");
  site.must({"full", "--db", "studio"});
  site.lose_store();
  const auto outcome = site.run({"full", "--db", "studio"});
  CHECK(outcome.exit_code == 6);
  CHECK_FALSE(site.slack().received().empty());
  CHECK(outcome.duration < 80s);
  site.find_store();
  CHECK(site.json({"list", "--status", "completed"})["result"]["backups"].size() == 1);
}

TEST_CASE("a run that is killed while it tells has told nobody less, and its row is closed") {
  NotifiedSite site;
  site.slack().answer("hang");
  site.lose_store();
  auto running = site.command({"full"}).start();
  REQUIRE(wait_until([&] { return !site.slack().received().empty(); }));
  running.signal(SIGKILL);
  running.wait();
  CHECK(site.psql("select status from bkp.runs where command = 'full'") == "failed");
  CHECK(waiting(site) >= 1);
  site.slack().answer("200");
  site.must({"schedule", "run-due"});
  CHECK(waiting(site) == 0);
  CHECK(site.titles().back() == "*bkp full failed*");
}

TEST_CASE("while the catalog is down, channels are told all the same") {
  NotifiedSite site;
  site.cluster().stop();
  CHECK(site.run({"full"}).exit_code == 5);
  CHECK(site.titles() == std::vector<std::string>{"*bkp full failed*"});
  const auto summary = site.must({"notify", "summary"});
  CHECK_THAT(summary.out,
             Contains("bkp full failed") && Contains("catalog") && Contains("cannot be reached"));
  CHECK(site.mail().received().size() == 2);
}

TEST_CASE(
    "a state that cannot be read or written costs a run nothing, and keeps nobody in the dark") {
  NotifiedSite site;
  site.must({"full"});
  const auto directory = site.spool().parent_path() / "notify/studio";
  const auto state = directory / "problems.json";
  write_text(state, "{");
  site.lose_store();
  const auto failed = site.run({"full"});
  CHECK(failed.exit_code == 6);
  CHECK_THAT(failed.err, Contains("problems.json") && Contains("it is set aside"));
  CHECK(site.titles() == std::vector<std::string>{"*bkp full failed*"});
  CHECK(std::filesystem::exists(state.string() + ".bad"));
  // A file where the directory ought to be: nothing can be noted, neither what is wrong nor what
  // waits.
  std::filesystem::remove_all(directory);
  write_text(directory, "");
  CHECK(site.run({"prune"}).exit_code == 6);
  CHECK(site.titles().back() == "*bkp prune failed*");
}

TEST_CASE("the last word of a channel that was away is the last that was said") {
  NotifiedSite site;
  site.must({"full"});
  site.slack().answer("500");
  site.lose_store();
  site.run({"full"});
  site.find_store();
  site.must({"full"});
  const auto before = site.titles().size();
  site.slack().answer("200");
  output_of(site.command_at("+2min", {"schedule", "run-due"}));
  auto titles = site.titles();
  titles.erase(titles.begin(), titles.begin() + static_cast<std::ptrdiff_t>(before));
  CHECK(titles == std::vector<std::string>{"*bkp full failed*", "*bkp full works again*"});
}

TEST_CASE("an error in another encoding silences nobody") {
  NotifiedSite site;
  CHECK(site.run({"full", "--db",
                  "gr\xf6\xdf"
                  "e"})
            .exit_code == 10);
  REQUIRE(site.told().size() == 1);
  CHECK_THAT(site.told().front(), Contains("gr\\xf6\\xdfe"));
  CHECK_THAT(site.ping().received().back(), Contains("/fail"));
}

TEST_CASE("hostile names stay text in Slack, in the head of a mail and in JSON") {
  NotifiedSite site;
  const std::string name = "<!channel> *x* \"\r\nBcc: all@example.org\x1b[31m &amp;";
  CHECK(site.run({"full", "--db", name}).exit_code == 10);
  REQUIRE(site.told().size() == 1);
  CHECK_THAT(site.told().front(), !Contains("<!channel>") && Contains("&lt;!channel&gt;") &&
                                      Contains("&amp;amp;") && !Contains("\x1b"));
  REQUIRE(site.mail().received().size() == 1);
  const auto mail = site.mail().received().front();
  CHECK_THAT(mail.substr(0, mail.find("\r\n\r\n")), !Contains("\nBcc:"));
  CHECK_THAT(site.run({"notify", "list"}).out, !Contains("\x1b"));
}
