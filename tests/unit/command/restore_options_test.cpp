#include <catch2/catch.hpp>

#include "command/restore.hpp"
#include "parsed.hpp"

using namespace bkp;
using command::RestoreOptions;
using test::parsed;

TEST_CASE("restore needs a backup and a database, and by default replaces nothing") {
  const auto options = parsed<RestoreOptions>({"latest", "--db", "x121"});
  CHECK(options.id == "latest");
  CHECK(options.database == "x121");
  CHECK_FALSE(options.swap);
  CHECK_FALSE(options.with_globals);
  CHECK_FALSE(options.no_owner);
  CHECK(options.into.empty());
  CHECK(options.yes.empty());
  CHECK_THROWS_AS(parsed<RestoreOptions>({"latest"}), CLI::ParseError);
  CHECK_THROWS_AS(parsed<RestoreOptions>({"--db", "x121"}), CLI::ParseError);
}

TEST_CASE("restore takes its options") {
  const auto options = parsed<RestoreOptions>(
      {"2026",       "--db",     "x121",        "--into",  "new one", "--schema",
       "a",          "--schema", "b",           "--table", "s.t",     "--jobs",
       "8",          "--store",  "file:///mnt", "--site",  "studio",  "--with-globals",
       "--no-owner", "--yes",    "x121"});
  CHECK(options.into == "new one");
  CHECK(options.schemas == std::vector<std::string>{"a", "b"});
  CHECK(options.tables == std::vector<std::string>{"s.t"});
  CHECK(options.jobs == 8);
  CHECK(options.from.store == "file:///mnt");
  CHECK(options.from.site == "studio");
  CHECK(options.with_globals);
  CHECK(options.no_owner);
  CHECK(options.yes == "x121");
}

TEST_CASE("restore takes one name after each --schema and --table") {
  CHECK_THROWS_AS(parsed<RestoreOptions>({"latest", "--db", "x", "--table", "a", "b"}),
                  CLI::ParseError);
}

TEST_CASE("what is said of a store must go with its URL") {
  const auto problem = [](std::vector<std::string> arguments) -> std::string {
    arguments.insert(arguments.begin(), {"latest", "--db", "x"});
    try {
      command::require_sense(parsed<RestoreOptions>(arguments).from);
      return "";
    } catch (const util::Error& error) {
      CHECK(error.kind() == util::ErrorKind::usage);
      return error.message();
    }
  };
  CHECK(problem({}).empty());
  CHECK(problem({"--store", "offsite"}).empty());
  CHECK(problem({"--store", "s3://b", "--site", "s", "--endpoint", "https://h", "--ca-file", "f"})
            .empty());
  CHECK(problem({"--store", "sftp://u@h/p", "--site", "s", "--ssh-key", "k", "--known-hosts", "h"})
            .empty());
  CHECK(problem({"--store", "s3://b"}) == "a store given by its URL needs --site too");
  CHECK(problem({"--store", "offsite", "--site", "s"}) == "--site goes with --store URL");
  CHECK(problem({"--store", "offsite", "--region", "r"}) == "--region goes with --store s3://…");
  CHECK(problem({"--store", "s3://b", "--site", "s", "--ssh-key", "k"}) ==
        "--ssh-key goes with --store sftp://…");
  CHECK(problem({"--ca-file", "f"}) == "--ca-file goes with --store s3://…");
}

TEST_CASE("a store given by options is opened with all that they say, and can be given again") {
  const command::StoreOptions host{
      .store = "sftp://u@h/p", .site = "studio", .ssh_key = "/my key", .known_hosts = "hosts"};
  CHECK(command::to_arguments(host) ==
        " --store sftp://u@h/p --site studio --ssh-key '/my key' --known-hosts hosts");
  CHECK(command::described_store(host).sftp.key_file == "/my key");
  CHECK(command::described_store(host).sftp.known_hosts_file == "hosts");
  const command::StoreOptions bucket{.store = "s3://b/p",
                                     .site = "studio",
                                     .endpoint = "https://h:9",
                                     .region = "eu",
                                     .addressing = "virtual",
                                     .ca_file = "ca.pem"};
  const auto store = command::described_store(bucket);
  CHECK(store.s3.endpoint == "https://h:9");
  CHECK(store.s3.region == "eu");
  CHECK(store.s3.addressing == s3::Addressing::virtual_host);
  CHECK(store.s3.ca_file == "ca.pem");
  const auto plain = command::described_store({.store = "s3://b", .site = "studio"});
  CHECK(plain.s3.region == "us-east-1");
  CHECK(plain.s3.addressing == s3::Addressing::path);
}
