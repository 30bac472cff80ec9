// Objects that somebody changed behind a store's back, in a bucket and on a host: verify says so,
// restore uses not a byte of them, and the copy elsewhere is taken.
#include "fault/away_site.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

/// Two signed backups of a database that changed between them, on a disk, in a bucket and on a
/// host. Each of its tests leaves them as they were.
struct SignedSite : AwaySite {
  Sshd sshd;
  std::string older;
  std::string newer;

  SignedSite() {
    const auto known_hosts = directory() / "known_hosts";
    const auto signing = directory() / "signing.pem";
    output_of(Program{{"openssl", "genpkey", "-algorithm", "ed25519", "-out", signing.string()}});
    fs::permissions(signing, fs::perms::owner_read);
    write_text(known_hosts, sshd.known_hosts_line());
    add("vault", host_yaml("vault", sshd, directory() / "vault", known_hosts));
    write_config(read_text(config_file()) + "signing: {key_file: " + signing.string() + "}\n");
    older = back_up("slow");
    cluster().psql("slow", "insert into t select 0, 'more'; create role another");
    newer = back_up("slow");
  }
};

SignedSite& site() {
  static SignedSite shared;
  return shared;
}

/// A store as its owner, or a thief, has it.
struct Backstage {
  std::string store;

  std::string target(const std::string& label, const std::string& name) const {
    return "/" + site().bucket + "/backups/studio/backups/" + label + "/" + name;
  }
  fs::path file(const std::string& label, const std::string& name) const {
    return site().directory() / "vault/studio/backups" / label / name;
  }
  std::string get(const std::string& label, const std::string& name) const {
    if (store == "vault") return read_text(file(label, name));
    const auto answer = ceph().request("GET", target(label, name));
    REQUIRE(answer.status == 200);
    return answer.body;
  }
  void put(const std::string& label, const std::string& name, const std::string& bytes) const {
    if (store == "vault") return write_text(file(label, name), bytes);
    REQUIRE(ceph().request("PUT", target(label, name), {}, bytes).status == 200);
  }
};

const std::vector<std::string> objects{"dump.pgc", "globals.sql", "manifest.json",
                                       "manifest.json.sig"};

/// What the newer backup is again in the end.
class Pristine {
 public:
  explicit Pristine(Backstage backstage) : m_backstage{std::move(backstage)} {
    for (const auto& name : objects) m_kept.push_back(m_backstage.get(site().newer, name));
  }
  ~Pristine() { put_back(); }
  Pristine(const Pristine&) = delete;
  Pristine& operator=(const Pristine&) = delete;

  void put_back() const {
    for (std::size_t i = 0; i < objects.size(); ++i)
      m_backstage.put(site().newer, objects[i], m_kept[i]);
  }

 private:
  Backstage m_backstage;
  std::vector<std::string> m_kept;
};

/// What is done to the newer backup, and what of it the message has to name.
struct Deed {
  const char* what;
  const char* names;
  void (*act)(const Backstage& backstage);
};

void flip(const Backstage& backstage, const std::string& name) {
  auto bytes = backstage.get(site().newer, name);
  bytes[bytes.size() / 2] ^= 1;
  backstage.put(site().newer, name, bytes);
}

const std::vector<Deed> deeds{
    {"a bit of the dump", "dump.pgc", [](const auto& stage) { flip(stage, "dump.pgc"); }},
    {"a bit of the manifest", "manifest.json",
     [](const auto& stage) { flip(stage, "manifest.json"); }},
    {"the dump cut short", "dump.pgc",
     [](const auto& stage) {
       const auto bytes = stage.get(site().newer, "dump.pgc");
       stage.put(site().newer, "dump.pgc", bytes.substr(0, bytes.size() - 1));
     }},
    {"the dump exchanged with another object of its backup", "dump.pgc",
     [](const auto& stage) {
       stage.put(site().newer, "dump.pgc", stage.get(site().newer, "globals.sql"));
     }},
    {"the dump of the older backup", "dump.pgc",
     [](const auto& stage) {
       stage.put(site().newer, "dump.pgc", stage.get(site().older, "dump.pgc"));
     }},
    {"all of the older backup, with its good signature", "moved here", [](const auto& stage) {
       for (const auto& name : objects)
         stage.put(site().newer, name, stage.get(site().older, name));
     }}};

nlohmann::json on_newer(std::vector<std::string> command, const std::string& store) {
  command.insert(command.begin() + 1, site().newer);
  if (!store.empty()) command.insert(command.end(), {"--store", store});
  return site().json(std::move(command));
}

}  // namespace

TEST_CASE("what was changed in a bucket or on a host is found, and refused before it is used") {
  const std::string store = GENERATE("offsite", "vault");
  CAPTURE(store);
  const Backstage backstage{store};
  const Pristine pristine{backstage};
  for (const auto& [what, names, act] : deeds) {
    CAPTURE(what);
    act(backstage);
    const auto verified = on_newer({"verify", "--level", "checksum"}, store);
    INFO(verified.dump(1));
    CHECK(verified.at("exit_code") == 8);
    CHECK_THAT(verified["error"]["message"].get<std::string>(), Contains(names));
    CHECK_THAT(verified["error"]["hint"].get<std::string>(), Contains("--store local"));
    const auto restored = on_newer({"restore", "--db", "slow", "--into", "back"}, store);
    INFO(restored.dump(1));
    CHECK(restored.at("exit_code") == 8);
    CHECK_THAT(restored["error"]["message"].get<std::string>(), Contains(names));
    CHECK_FALSE(restored["error"]["hint"].get<std::string>().empty());
    CHECK_FALSE(site().cluster().has_database("back"));
    pristine.put_back();
  }
  // The catalog remembers the last of it until somebody looks again.
  const auto doubted = site().run({"list"});
  CAPTURE(doubted);
  CHECK_THAT(doubted.out, Contains("damaged"));
  CHECK(on_newer({"verify", "--level", "checksum"}, store).at("exit_code") == 0);
  CHECK_THAT(site().run({"list"}).out, !Contains("damaged"));
}

TEST_CASE("an older backup in a newer one's place is refused without catalog and configuration") {
  const Backstage backstage{"offsite"};
  const Pristine pristine{backstage};
  deeds.back().act(backstage);
  const auto signer = site().directory() / "signing.pub";
  output_of(Program{{"openssl", "pkey", "-in", (site().directory() / "signing.pem").string(),
                     "-pubout", "-out", signer.string()}});
  InstalledBkp bkp;
  for (const auto& [name, value] : site().cluster().environment("postgres"))
    bkp.with_variable(name, value);
  bkp.with_variable("AWS_ACCESS_KEY_ID", CephServer::access_key)
      .with_variable("AWS_SECRET_ACCESS_KEY", CephServer::secret_key);
  const auto restored = bkp.run({"restore", site().newer, "--db", "slow", "--into", "back",
                                 "--store", "s3://" + site().bucket + "/backups", "--endpoint",
                                 ceph().endpoint(), "--site", "studio", "--trusted-key", signer});
  CAPTURE(restored);
  CHECK(restored.exit_code == 8);
  CHECK_THAT(restored.err, Contains(site().newer) && Contains("moved here") && Contains("hint: "));
  CHECK_FALSE(site().cluster().has_database("back"));
}

TEST_CASE("where no store was named a good copy stands in for one that was changed") {
  const Backstage backstage{"offsite"};
  const Pristine pristine{backstage};
  flip(backstage, "dump.pgc");
  const auto dump = site().store() / "studio/backups" / site().newer / "dump.pgc";
  const auto kept = read_text(dump);
  write_text(dump, kept.substr(1));
  const auto restored = on_newer({"restore", "--db", "slow", "--into", "back"}, {});
  write_text(dump, kept);
  INFO(restored.dump(1));
  CHECK(restored.at("exit_code") == 0);
  CHECK_THAT(restored.at("warnings").dump(), Contains("is not used") && Contains("offsite"));
  CHECK(database_digest(site().cluster(), "back") == database_digest(site().cluster(), "slow"));
  site().cluster().psql("postgres", "drop database back");
}
