// A server that is there and refuses, or must be refused: a wrong secret, a wrong clock, no bucket,
// another host's key.
#include "fault/away_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

/// With a store "vault" on a host. Each of its tests leaves it as it was: with three good stores.
struct RefusedSite : AwaySite {
  Sshd sshd;
  std::filesystem::path known_hosts = directory() / "known_hosts";
  std::string good = back_up_everywhere();

  std::string back_up_everywhere() {
    write_text(known_hosts, sshd.known_hosts_line());
    add("vault", host_yaml("vault", sshd, directory() / "vault", known_hosts));
    return back_up("slow");
  }

  /// Whoever asks for that store alone, and check, end with the error itself.
  void check_refused(int exit_code, const std::string& store, const std::string& why,
                     const std::string& what_to_do) const {
    const std::vector<std::vector<std::string>> commands{
        {"verify", good, "--level", "checksum", "--store", store},
        {"restore", good, "--db", "slow", "--into", "back", "--store", store},
        {"prune", "--dry-run", "--store", store},
        {"check"}};
    for (const auto& command : commands) {
      const auto outcome = run(command);
      CAPTURE(outcome);
      CHECK(outcome.exit_code == exit_code);
      CHECK_THAT(outcome.err, Contains(why) && Contains("hint: ") && Contains(what_to_do));
    }
  }
};

RefusedSite& site() {
  static RefusedSite shared;
  return shared;
}

nlohmann::json with_clock_off(const std::string& by, std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  const auto outcome = site().command_at(by, std::move(arguments)).run();
  INFO(outcome);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a wrong secret: the other stores get their copies, and nobody shows it") {
  write_private(site().secrets, credentials("a-wrong-secret"));
  const auto report = site().json({"full", "--db", "slow"});
  const auto missing = site().check_partial(report, "the secret key is not the access key's");
  CHECK_THAT(report.dump(), !Contains("a-wrong-secret"));
  site().check_refused(9, "offsite", "SignatureDoesNotMatch", "compare the access key");
  write_private(site().secrets, credentials());
  site().check_mended(missing);
}

TEST_CASE("a clock that is 20 minutes off is told, with how much") {
  // Half a minute more, for what a request takes.
  const auto ahead = with_clock_off("+1230", {"full", "--db", "slow"});
  const auto missing = site().check_partial(ahead, "the clock of this machine is 20min ");
  CHECK_THAT(ahead.dump(), Contains("s ahead of the server's"));
  const auto behind =
      with_clock_off("-1230", {"verify", site().good, "--level", "checksum", "--store", "offsite"});
  INFO(behind.dump(1));
  CHECK(behind.at("exit_code") == 6);
  CHECK_THAT(behind.at("error").at("message").get<std::string>(),
             Contains("this machine is 20min ") && Contains("s behind the server's"));
  CHECK_THAT(behind["error"].at("hint").get<std::string>(), Contains("set the clock"));
  site().check_mended(missing);
}

TEST_CASE("a bucket that is not there is not made") {
  site().reach(ceph().port(), "never-made");
  const auto missing = site().check_partial_now("404 NoSuchBucket");
  site().check_refused(6, "offsite", "NoSuchBucket", "make the bucket \"never-made\"");
  const auto prepared = site().run({"init"});
  CAPTURE(prepared);
  CHECK(prepared.exit_code == 6);
  CHECK(ceph().request("GET", "/never-made").status == 404);
  site().check_mended(missing);
}

TEST_CASE("a host whose key has changed is told nothing") {
  const auto before = AwaySite::files_below(site().directory() / "vault");
  make_ssh_key(site().directory() / "other");
  write_text(site().known_hosts, "[127.0.0.1]:" + std::to_string(site().sshd.port()) + " " +
                                     read_text(site().directory() / "other.pub"));
  const auto missing = site().check_partial_now("HAS CHANGED", "vault");
  site().check_refused(9, "vault", "HAS CHANGED", "known_hosts");
  CHECK(AwaySite::files_below(site().directory() / "vault") == before);
  write_text(site().known_hosts, site().sshd.known_hosts_line());
  site().check_mended(missing, "vault");
}
