// Identities on a bad day: unreadable, lost, not a key, or two of them.
#include "fault/fault_site.hpp"
#include "support/running_as_root.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

/// A site that seals for two recipients; the identity file of either opens its backup. Each of its
/// tests leaves it as it was.
struct SealedSite : FaultSite {
  fs::path first = directory() / "first.txt";
  fs::path second = directory() / "second.txt";
  std::string recipients = made(first) + ", " + made(second);
  std::string secret = secret_of(first);
  std::string label = sealed_backup();

  /// Enough of it to be known by.
  static std::string secret_of(const fs::path& identity) {
    const auto text = read_text(identity);
    return text.substr(text.find("AGE-SECRET-KEY-1") + 16, 12);
  }
  static std::string made(const fs::path& identity) {
    output_of(Program{{"age-keygen", "-o", identity.string()}});
    auto recipient = output_of(Program{{"age-keygen", "-y", identity.string()}});
    recipient.pop_back();
    return recipient;
  }
  void configure(const std::string& identities) const {
    write_config(base_config() + "encryption:\n  recipients: [" + recipients +
                 "]\n  identity_files: [" + identities + "]\n");
  }
  std::string sealed_backup() {
    configure(first.string());
    return back_up("slow");
  }

  /// Whoever has to open a backup is told which file it is; nothing is done, and no doubt falls on
  /// the backup. What needs no identity goes on.
  void check_refused(const fs::path& identity, const std::string& why) {
    const auto part = "studio/backups/" + label + "/globals.sql.zst.age";
    const std::vector<std::vector<std::string>> commands{
        {"verify", label},
        {"restore", label, "--db", "slow", "--into", "back"},
        {"cat", part},
        {"check"}};
    for (const auto& command : commands) {
      const auto outcome = run(command);
      CAPTURE(outcome);
      CHECK(outcome.exit_code == 9);
      CHECK_THAT(outcome.err, Contains(identity.string()) && Contains(why) && Contains("hint: "));
      CHECK_THAT(outcome.out + outcome.err, !Contains(secret));
      if (command.front() == "cat") CHECK(outcome.out.empty());
    }
    CHECK_FALSE(cluster().has_database("back"));
    const auto listed = json({"list"})["result"]["backups"].back();
    INFO(listed.dump(1));
    CHECK(listed["label"] == label);
    CHECK(listed["status"] == "completed");
    CHECK(listed["verified_at"].is_null());
    CHECK(listed["copies"][0]["damaged"] == false);
    CHECK(json({"full", "--db", "slow"}).at("status") == "ok");
  }
};

SealedSite& site() {
  static SealedSite shared;
  return shared;
}

struct Mended {
  std::string kept = read_text(site().first);
  ~Mended() {
    fs::remove_all(site().first);
    write_text(site().first, kept);
    fs::permissions(site().first, fs::perms{0600});
    site().configure(site().first.string());
  }
};

}  // namespace

TEST_CASE("an identity that cannot be used: exit 9, its file, and backups go on") {
  const Mended mended;
  const auto& file = site().first;
  SECTION("others can read it") {
    fs::permissions(file, fs::perms{0644});
    site().check_refused(file, "can be read or written by others");
  }
  SECTION("it is gone") {
    fs::remove(file);
    site().check_refused(file, "there is no");
  }
  SECTION("it is a directory") {
    fs::remove(file);
    fs::create_directory(file);
    site().check_refused(file, "is not a regular file");
  }
  SECTION("it is damaged") {
    auto text = mended.kept;
    auto& character = text.at(text.find("AGE-SECRET-KEY-1") + 40);
    character = character == 'Q' ? 'P' : 'Q';
    write_text(file, text);
    site().check_refused(file, "a character is wrong or missing");
  }
  SECTION("it is the recipient's") {
    write_text(file, site().recipients.substr(0, site().recipients.find(',')) + "\n");
    site().check_refused(file, "does not start with AGE-SECRET-KEY-1");
  }
}

TEST_CASE("an identity of another user: exit 9, and whose it is") {
  if (!running_as_root()) return;
  fs::permissions(site().directory(), fs::perms{0755});
  fs::permissions(site().config_file(), fs::perms{0644});
  auto command = site().bkp().command({"key", "show", "--identity", site().first.string()});
  const auto outcome = command.as_user(system_user("postgres")).run();
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 9);
  CHECK_THAT(outcome.err, Contains(site().first.string()) && Contains("hint: "));
}

TEST_CASE("of two identities either opens what is sealed for both") {
  const Mended mended;
  const auto opens = [&](const std::string& identities) {
    site().configure(identities);
    const auto outcome = site().run({"verify", site().label});
    CAPTURE(outcome);
    return outcome.exit_code;
  };
  const auto first = site().first.string();
  const auto second = site().second.string();
  CHECK(opens(first) == 0);
  CHECK(opens(second) == 0);
  // Both in one file, as age takes them too.
  write_text(site().first, read_text(site().second) + mended.kept);
  CHECK(opens(first) == 0);
  // A stranger's, and none that does.
  SealedSite::made(site().directory() / "stranger.txt");
  CHECK(opens((site().directory() / "stranger.txt").string()) == 9);
}
