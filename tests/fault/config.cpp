// A configuration that broke since yesterday: said with its line, nothing done, and tomorrow works.
#include "fault/fault_site.hpp"
#include "support/running_as_root.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("a typo, a tab, a wrong type, half a file: exit 4, the line, and nothing was touched") {
  FaultSite site;
  site.must({"full", "--db", "slow"});
  const auto objects = site.objects();
  const auto runs = [&] { return site.cluster().psql("bkp", "select count(*) from bkp.runs"); };
  const auto runs_before = runs();
  const auto good = site.base_config();
  const auto line = std::to_string(std::count(good.begin(), good.end(), '\n') + 1);
  const auto [broken, message] = GENERATE_COPY(table<std::string, std::string>(
      {{good + "retantion: {daily: 3}\n", "bkp.yaml:" + line + ": unknown key \"retantion\""},
       {good + "\tlimits: {nice: 1}\n", "bkp.yaml:" + line + ": "},
       {good + "limits: {nice: very}\n", "bkp.yaml:" + line + ": limits.nice must be"},
       {good + "limits: {rate: [1, 2]}\n", "bkp.yaml:" + line + ": limits.rate"},
       {good + "limits: {nice: 1\n", "bkp.yaml:"},
       {good.substr(0, good.find("stores:")), "stores is missing"},
       {"", "the file is empty"}}));
  CAPTURE(broken);
  site.write_config(broken);
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"full"}, {"verify"}, {"prune"}, {"list"}}) {
    const auto json = site.json(command);
    INFO(json.dump(1));
    CHECK(json.at("exit_code") == 4);
    CHECK_THAT(json.at("error").at("message").get<std::string>(), Contains(message));
    CHECK_FALSE(json.at("error").at("hint").get<std::string>().empty());
    CHECK_THAT(site.run(command).err, Contains(message) && Contains("hint: "));
  }
  CHECK(site.objects() == objects);
  CHECK(runs() == runs_before);
  site.write_config(good);
  site.must({"full", "--db", "slow"});
  CHECK(site.backups_with("completed") == "2");
}

TEST_CASE("a configuration that may not be read: exit 4, and whose it is") {
  if (!running_as_root()) return;
  const FaultSite site;
  output_of(Program{{"chmod", "755", site.directory().string()}});
  output_of(Program{{"chmod", "600", site.config_file().string()}});
  auto command = site.bkp().command({"full"});
  const auto outcome = command.as_user(system_user("postgres")).run();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 4);
  CHECK_THAT(outcome.err,
             Contains("bkp.yaml") && Contains("Permission denied") && Contains("hint: "));
}
