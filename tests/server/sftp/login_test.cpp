// Who is let in, and which server is believed.

#include <catch2/catch.hpp>

#include "bench.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/wait_until.hpp"

using namespace bkp;
using namespace bkp::test;
using util::Error;
using util::ErrorKind;

namespace fs = std::filesystem;

namespace {

Error error_of_opening(SftpBench& bench) {
  const Error error = error_of([&] { bench.open(); });
  CHECK(error.kind() == ErrorKind::key);
  CHECK_FALSE(error.hint().empty());
  CHECK_FALSE(fs::exists(bench.directory / "root"));
  return error;
}

/// "SHA256:…", as ssh-keygen shows it.
std::string fingerprint(const SftpBench& bench, const std::string& key) {
  write_text(bench.directory / "shown.pub", key + "\n");
  const std::string line =
      output_of(Program{{"ssh-keygen", "-l", "-f", bench.directory / "shown.pub"}});
  const auto start = line.find("SHA256:");
  return line.substr(start, line.find(' ', start) - start);
}

}  // namespace

TEST_CASE("an unknown host is refused, with its fingerprint and the line to add") {
  SftpBench bench;
  const fs::path known_hosts = bench.directory / "known_hosts";
  SECTION("where others are known") {
    write_text(known_hosts, "other.example " + bench.sshd.host_key() + "\n");
  }
  SECTION("where there is no file") {
    fs::remove(known_hosts);
  }
  const Error error = error_of_opening(bench);
  CHECK_THAT(error.message(), Catch::Contains("is not known"));
  CHECK_THAT(error.message(), Catch::Contains(fingerprint(bench, bench.sshd.host_key())));
  CHECK_THAT(error.message(), Catch::Contains(bench.sshd.url(bench.directory / "root")));
  std::string line = bench.sshd.known_hosts_line();
  line.pop_back();
  CHECK_THAT(error.hint(), Catch::Contains(known_hosts.native() + ": " + line));

  write_text(known_hosts, error.hint().substr(error.hint().rfind("[127.0.0.1]")));
  put(*bench.open(), "a", "x");
}

TEST_CASE("a host whose key has changed is refused loudly") {
  SftpBench bench;
  make_ssh_key(bench.directory / "other");
  const std::string other = read_text(bench.directory / "other.pub");
  write_text(bench.directory / "known_hosts", "# comment\n[127.0.0.1]:* " + other);
  const Error error = error_of_opening(bench);
  CHECK_THAT(error.message(), Catch::Contains("HAS CHANGED"));
  CHECK_THAT(error.message(), Catch::Contains("line 2 of"));
  CHECK_THAT(error.message(), Catch::Contains(fingerprint(bench, bench.sshd.host_key())));
}

TEST_CASE("a host whose key is revoked is refused, also when it is known") {
  SftpBench bench;
  write_text(bench.directory / "known_hosts",
             bench.sshd.known_hosts_line() + "@revoked * " + bench.sshd.host_key() + "\n");
  CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("REVOKED"));
}

TEST_CASE("a host may be known by a hashed name") {
  SftpBench bench;
  write_text(bench.directory / "known_hosts", bench.sshd.known_hosts_line());
  output_of(Program{{"ssh-keygen", "-q", "-H", "-f", bench.directory / "known_hosts"}});
  CHECK_THAT(read_text(bench.directory / "known_hosts"), Catch::StartsWith("|1|"));
  put(*bench.open(), "a", "x");
}

TEST_CASE("of several keys of a host the one that is known is asked for") {
  static const Sshd sshd{{.host_key_types = {"ed25519", "ecdsa"}}};
  SftpBench bench{sshd};
  for (const std::string type : {"ed25519", "ecdsa"}) {
    write_text(bench.directory / "known_hosts", sshd.known_hosts_line({}, type));
    put(*bench.open(), type, "x");
  }
}

TEST_CASE("known_hosts is looked for in the home directory") {
  SftpBench bench;
  bench.environment.set("HOME", bench.directory.path());
  fs::create_directory(bench.directory / ".ssh");
  fs::rename(bench.directory / "known_hosts", bench.directory / ".ssh/known_hosts");
  bench.options.known_hosts_file.reset();
  put(*bench.open(), "a", "x");
}

TEST_CASE("a key the server does not know is an error that says what to do") {
  SftpBench bench;
  make_ssh_key(bench.directory / "stranger");
  bench.options.key_file = bench.directory / "stranger";
  const Error error = error_of_opening(bench);
  CHECK_THAT(error.message(), Catch::Contains("\"" + bench.sshd.user() + "\""));
  CHECK_THAT(error.message(), Catch::Contains((bench.directory / "stranger").native()));
  CHECK_THAT(error.hint(), Catch::Contains("authorized_keys"));
}

TEST_CASE("other types of keys let a user in as far as libssh2 knows them") {
  TemporaryDirectory keys;
  fs::permissions(keys.path(), fs::perms{0755});
  const std::string type = GENERATE("ecdsa", "rsa");
  CAPTURE(type);
  make_ssh_key(keys / type, type);
  const Sshd sshd{{.configuration = "AuthorizedKeysFile " + (keys / type).native() + ".pub\n"}};
  SftpBench bench{sshd};
  bench.options.key_file = keys / type;
  // Before 1.11 it signs with RSA keys only in the old way, which OpenSSH no longer takes.
  const bool signs_with_rsa = libssh2_version(0x010b00) != nullptr;
  if (type == "rsa" && !signs_with_rsa) {
    CHECK_THAT(error_of_opening(bench).hint(), Catch::Contains("RSA"));
  } else {
    put(*bench.open(), "a", "x");
  }
}

TEST_CASE("a key file that cannot be used says why") {
  SftpBench bench;
  const fs::path key = bench.directory / "own";
  bench.options.key_file = key;
  SECTION("missing") {
    CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("there is no SSH key"));
  }
  SECTION("readable by others") {
    fs::copy_file(bench.sshd.key(), key);
    fs::permissions(key, fs::perms{0644});
    CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("read or written by others"));
  }
  SECTION("with a passphrase") {
    make_ssh_key(key, "ed25519", "secret");
    CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("passphrase"));
  }
  SECTION("the public key") {
    make_ssh_key(key);
    bench.options.key_file = key.native() + ".pub";
    fs::permissions(key.native() + ".pub", fs::perms{0600});
    CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("no private SSH key"));
  }
  SECTION("damaged") {
    std::string text = read_text(bench.sshd.key());
    const auto body = text.find('\n') + 1;
    text.replace(body, 20, "AAAAAAAAAAAAAAAAAAAA");
    write_text(key, text);
    fs::permissions(key, fs::perms{0600});
    CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("no private key"));
  }
}

TEST_CASE("without a key file the agent is asked") {
  SftpBench bench;
  bench.options.key_file.reset();
  CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("SSH_AUTH_SOCK"));

  const std::string socket = bench.directory / "agent";
  bench.environment.set("SSH_AUTH_SOCK", socket);
  CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("cannot be asked"));

  RunningProgram agent = Program{{"ssh-agent", "-D", "-a", socket}}.start();
  REQUIRE(wait_until([&] { return fs::exists(socket); }));
  CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("(0 tried)"));

  make_ssh_key(bench.directory / "stranger");
  const auto add = [&](const fs::path& key) {
    output_of(Program{{"ssh-add", "-q", key.native()}}.with_variable("SSH_AUTH_SOCK", socket));
  };
  add(bench.directory / "stranger");
  CHECK_THAT(error_of_opening(bench).message(), Catch::Contains("(1 tried)"));
  add(bench.sshd.key());
  put(*bench.open(), "a", "x");
}

TEST_CASE("a server without SFTP says so") {
  static const Sshd sshd{{.sftp = ""}};
  SftpBench bench{sshd};
  const Error error = error_of([&] { bench.open(); });
  CHECK(error.kind() == ErrorKind::store);
  CHECK_THAT(error.message(), Catch::Contains("no SFTP"));
  CHECK_THAT(error.hint(), Catch::Contains("Subsystem sftp"));
}
