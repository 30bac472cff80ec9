#include "sftp/known_hosts.hpp"

#include <catch2/catch.hpp>

#include "util/base64.hpp"

using namespace bkp::sftp;
using Verdict = HostKeyVerdict;

namespace {

const std::string ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIEKNbQYxyWpKYHgUtb3EPJSkQgkg3OAFCZ3bBg17VXIs";
const std::string other = "AAAAC3NzaC1lZDI1NTE5AAAAIHSXqTLvj+nn2QVnEFKYvPA6ylzZ9zLUPpzNYR1EMDZu";

std::vector<std::byte> key(const std::string& text) {
  return bkp::util::from_base64(text, bkp::util::Base64Padding::present).value();
}

Verdict verdict(const std::string& lines, std::string_view name) {
  return KnownHosts{lines}.check(name, key(ed25519)).verdict;
}

std::string line(const std::string& hosts, const std::string& base64 = ed25519) {
  return hosts + " ssh-ed25519 " + base64 + " a comment\n";
}

}  // namespace

TEST_CASE("a host is known by any of the names and patterns of a line") {
  const auto [hosts, name, known] = GENERATE(table<std::string, std::string, bool>({
      {"backup.example", "backup.example", true},
      {"Backup.Example", "bACKUP.example", true},
      {"backup.example", "backup.example.org", false},
      {"a,backup.example,b", "backup.example", true},
      {"*.example", "backup.example", true},
      {"*.example", "example", false},
      {"b?ckup*", "backup.example", true},
      {"*", "backup.example", true},
      {"*.example,!backup.example", "backup.example", false},
      {"!backup.example,*.example", "other.example", true},
      {"backup.example", "[backup.example]:2222", false},
      {"[backup.example]:2222", "[backup.example]:2222", true},
      {"[backup.example]:*", "[backup.example]:2222", true},
      {"[abc]:2222", "a:2222", false},
      // printf backup.example | openssl dgst -sha1 -mac hmac -macopt hexkey:000102…13
      {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|3MX7khpIsEgzmMeW/ZoZfLZzdV8=", "Backup.example", true},
      {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|3MX7khpIsEgzmMeW/ZoZfLZzdV8=", "backup.example2", false},
      {"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|", "backup.example", false},
      {"|1|broken", "|1|broken", false},
  }));
  CAPTURE(hosts, name);
  CHECK(verdict(line(hosts), name) == (known ? Verdict::known : Verdict::unknown));
}

TEST_CASE("the first line of a host whose key has changed is named") {
  const KnownHosts hosts{"# comment\n\n" + line("x") + line("backup", other) + line("*", other)};
  const auto answer = hosts.check("backup", key(ed25519));
  CHECK(answer.verdict == Verdict::changed);
  CHECK(answer.line == 4);
  CHECK(hosts.check("x", key(ed25519)).verdict == Verdict::known);
}

TEST_CASE("one of several keys is enough, and a revoked one never") {
  CHECK(verdict(line("backup", other) + line("backup"), "backup") == Verdict::known);
  CHECK(verdict(line("backup") + "@revoked " + line("*"), "backup") == Verdict::revoked);
  CHECK(verdict("@revoked " + line("*") + line("backup"), "backup") == Verdict::revoked);
  CHECK(verdict("@revoked " + line("other") + line("backup"), "backup") == Verdict::known);
  CHECK(verdict("@revoked " + line("*", other), "backup") == Verdict::unknown);
}

TEST_CASE("lines that say nothing of a host's key count for nothing") {
  const std::string odd = GENERATE_COPY(
      as<std::string>{}, "", "\n", "backup\n", "backup ssh-ed25519\n", "backup ssh-ed25519 !!!!\n",
      "backup ssh-ed25519 AAAA\n", "backup ssh-rsa " + ed25519 + "\n", "#" + line("backup"),
      "@cert-authority " + line("backup"), "@revoked\n", "backup ssh-ed25519 /////w==\n",
      std::string("\0\n", 2));
  CHECK(verdict(odd, "backup") == Verdict::unknown);
  CHECK(verdict(odd + line("backup"), "backup") == Verdict::known);
}

TEST_CASE("the types of a host's keys are those to ask it for") {
  const KnownHosts hosts{line("backup") + line("backup", other) + "@revoked " + line("gone")};
  CHECK(hosts.key_types("backup") == std::vector<std::string>{"ssh-ed25519"});
  CHECK(hosts.key_types("gone").empty());
}

TEST_CASE("the lines for a host can be taken to another known_hosts") {
  const KnownHosts hosts{"backup ssh-ed25519 " + ed25519 +
                         " a comment\n@revoked gone ssh-ed25519 " + ed25519 + "\n"};
  CHECK(hosts.lines("Backup") == std::vector<std::string>{"Backup ssh-ed25519 " + ed25519});
  CHECK(hosts.lines("gone").empty());
  CHECK(hosts.lines("other").empty());
  CHECK(KnownHosts{line("backup") + "@revoked " + line("backup")}.lines("backup").empty());
}

TEST_CASE("a key is shown as OpenSSH shows it") {
  CHECK(key_fingerprint(key(ed25519)) == "SHA256:6ESbPPzUxVA8h+DbebBzG5AdqFPfu3csT81yW1ErxX0");
  CHECK(key_type(key(ed25519)) == "ssh-ed25519");
  CHECK(known_hosts_line("[backup]:2222", key(ed25519)) == "[backup]:2222 ssh-ed25519 " + ed25519);
  CHECK(key_type({}).empty());
}
