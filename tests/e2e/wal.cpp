// The archive of the WAL: `bkp wal-push` as archive_command of a real server.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/archiving_site.hpp"
#include "support/damage.hpp"
#include "support/wait_until.hpp"

using namespace bkp::test;
using Catch::Matchers::Contains;

TEST_CASE("the server archives what stock tools can read and wal-fetch brings back") {
  ArchivingSite site;
  site.add_store("vault", false);
  site.must({"init"});
  site.start_archiving();
  const auto name = site.write_segments(1);
  site.wait_for_archived(name);
  const auto original = read_text(site.pg_wal(name));
  for (const auto* store : {"store", "vault"}) {
    const auto object = ArchivingSite::in_store(site.directory() / store, name);
    CHECK(output_of(Program{{"zstd", "-dcq", object.string()}}) == original);
  }
  const auto outcome = fetch(site, name);
  CAPTURE(outcome);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(read_text(fetched(site)) == original);
  CHECK(site.cluster().psql("postgres", "select failed_count from pg_stat_archiver") == "0");
}

TEST_CASE("a segment that the server still writes to is refused, and archived in its time") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  site.wait_for_archived(site.write_segments(1));
  const auto current_segment = [&] {
    // At the very end of a segment that would still be named, and before a flush there is no file.
    site.cluster().psql("postgres", "checkpoint");
    return site.cluster().psql("postgres", "select pg_walfile_name(pg_current_wal_insert_lsn())");
  };
  const auto current = current_segment();
  const auto early = site.run({"wal-push", site.pg_wal(current).string()});
  CAPTURE(early);
  CHECK(early.exit_code == 11);
  CHECK_THAT(early.err, Contains(current) && Contains("is not finished"));
  CHECK_FALSE(std::filesystem::exists(site.archived(current)));
  site.wait_for_archived(site.switch_segment());
  CHECK(std::filesystem::exists(site.archived(current)));
  // Not even by its bare name.
  const auto bare =
      site.command({"wal-push", current_segment()}).in_directory(site.pg_wal("").string()).run();
  CHECK(bare.exit_code == 11);
  const auto last = current_segment();
  site.cluster().stop(StopMode::immediate);
  // Since the machine was started anew, the server's old number may be another's.
  write_text(
      site.cluster().data_directory() / "postmaster.pid",
      std::to_string(::getpid()) + "\n" + site.cluster().data_directory().string() + "\n1\n");
  site.cluster().give(site.cluster().data_directory() / "postmaster.pid");
  const auto pushed = site.run({"wal-push", site.pg_wal(last).string()});
  CAPTURE(pushed);
  CHECK(pushed.exit_code == 0);
}

TEST_CASE("what waits longer than was taken along is archived in the background") {
  ArchivingSite site{"wal: {push_jobs: 1}\n"};
  site.must({"init"});
  // The server fails, so that nothing is asked for but here.
  site.set_archive_command("false");
  std::vector<std::string> names;
  for (int i = 0; i < 6; ++i) names.push_back(site.write_segments(1));
  const auto push = [&](const std::string& name) {
    return site.json({"wal-push", site.pg_wal(name).string()})["result"];
  };
  const auto waiting = ArchivingSite::waiting_in(site.cluster().data_directory());
  REQUIRE(waiting.size() >= names.size());
  const auto first = push(waiting.front());
  CHECK(first["file"]["noted"] == false);
  CHECK(first["taken_along"].size() == 1);
  for (const auto& name : waiting) {
    CAPTURE(name);
    CHECK(wait_until([&] { return std::filesystem::exists(site.archived(name)); },
                     std::chrono::minutes{1}));
  }
  for (std::size_t i = 1; i < waiting.size(); ++i) CHECK(push(waiting[i])["file"]["noted"] == true);
}

TEST_CASE("for a store on a disk no library is loaded that talks to others") {
  ArchivingSite site;
  site.must({"init"});
  const auto name = site.write_segments(1);
  const auto libraries_of = [](Program program) {
    const auto outcome = program.with_variable("LD_DEBUG", "files").run();
    INFO(outcome.out);
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.err, Contains("libbkp.so"));
    return outcome.err;
  };
  const auto pushing = libraries_of(site.command({"wal-push", site.pg_wal(name).string()}));
  const auto fetching = libraries_of(site.command({"wal-fetch", name, fetched(site).string()}));
  for (const auto* library : {"libpq.so", "libcurl.so", "libssh2.so"})
    CHECK_THAT(pushing + fetching, !Contains(library));
  CHECK_THAT(libraries_of(site.command({"list"})), Contains("libpq.so"));
}

TEST_CASE("sealed and signed, on a host that cannot open it") {
  ArchivingSite site;
  const auto recipient = site.make_identity(site.directory() / "identity");
  site.must({"key", "generate", "--signing", "--out", (site.directory() / "signing.pem").string()});
  const auto base = site.base_config();
  const auto pushing = base + "encryption: {recipients: [" + recipient +
                       "]}\nsigning: {key_file: " + (site.directory() / "signing.pem").string() +
                       "}\n";
  const auto fetching = base + "encryption: {recipients: [" + recipient + "], identity_files: [" +
                        (site.directory() / "identity").string() + "]}\n" +
                        "signing: {trusted_keys: [" + (site.directory() / "signing.pub").string() +
                        "]}\n";
  site.write_config(pushing);
  site.must({"init"});
  site.start_archiving();
  const auto name = site.write_segments(1);
  site.wait_for_archived(name);
  const auto original = read_text(site.pg_wal(name));
  const auto object = site.archived(name, ".zst.age");

  SECTION("age and zstd open it") {
    const auto opened =
        output_of(Program{{"sh", "-c", "age -d -i \"$0\" \"$1\" | zstd -dcq",
                           (site.directory() / "identity").string(), object.string()}});
    CHECK(opened == original);
  }
  SECTION("it comes back with the identity, and without is not the end of the archive") {
    CHECK(fetch(site, name).exit_code == 126);
    site.write_config(fetching);
    CHECK(fetch(site, name).exit_code == 0);
    CHECK(read_text(fetched(site)) == original);
  }
  SECTION("the same again is well, other content is not") {
    CHECK(site.run({"wal-push", site.pg_wal(name).string()}).exit_code == 0);
    const auto other = site.directory() / "other" / "pg_wal" / name;
    std::filesystem::create_directories(other.parent_path());
    site.cluster().give(other.parent_path());
    write_text(other, original);
    auto changed = original;
    changed[changed.size() / 2] ^= 1;
    write_text(other, changed);
    const auto outcome = site.run({"wal-push", other.string()});
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.err, Contains(name) && Contains("with other content"));
  }
  SECTION("an unsigned one is refused where signatures are asked for") {
    std::filesystem::remove(object);
    site.write_config(base + "encryption: {recipients: [" + recipient + "]}\n");
    REQUIRE(site.run({"wal-push", site.pg_wal(name).string()}).exit_code == 0);
    site.write_config(fetching);
    const auto outcome = fetch(site, name);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 126);
    CHECK_THAT(outcome.err, Contains("is not signed"));
  }
  SECTION("a bit that was changed is found") {
    site.write_config(fetching);
    flip_a_bit(object);
    const auto outcome = fetch(site, name);
    CHECK(outcome.exit_code == 126);
    CHECK_THAT(outcome.err, Contains(name) && Contains("damaged"));
    CHECK_FALSE(std::filesystem::exists(fetched(site)));
  }
}

TEST_CASE("what is not a segment of this cluster is not archived") {
  ArchivingSite site;
  site.must({"init"});
  const auto name = site.write_segments(1);
  const auto original = read_text(site.pg_wal(name));
  const auto place = site.cluster().make_directory("wrong") / "pg_wal";
  std::filesystem::create_directories(place);
  const auto push = [&](const std::string& as, const std::string& content) {
    write_text(place / as, content);
    auto outcome = site.run({"wal-push", (place / as).string()});
    std::filesystem::remove(place / as);
    return outcome;
  };
  const auto refused = [&](const std::string& as, const std::string& content) {
    const auto outcome = push(as, content);
    CAPTURE(as, outcome);
    CHECK(outcome.exit_code == 8);
    CHECK_THAT(outcome.err, Contains(as));
    CHECK_FALSE(std::filesystem::exists(site.store() / "studio/wal"));
  };
  auto bytes = original;
  SECTION("a recycled segment under a new name") {
    refused("000000010000000000000077", bytes);
  }
  SECTION("another timeline's") {
    refused("00000001" + name.substr(8, 15) + "F", bytes);
  }
  SECTION("one that is short") {
    refused(name, bytes.substr(0, bytes.size() - 1));
  }
  SECTION("one of zeroes") {
    refused(name, std::string(bytes.size(), '\0'));
  }
  SECTION("one of nothing") {
    refused(name, "");
  }
  SECTION("a history that is none") {
    auto text = read_text(site.config_file());
    text.insert(text.find("  bin_directory:"),
                "  data_directory: " + site.cluster().data_directory().string() + "\n");
    site.write_config(text);
    refused("00000002.history", "hello\n");
  }
  SECTION("what does not say which cluster it is of") {
    CHECK(push("00000002.history", "1\t0/3000000\tno recovery target specified\n").exit_code == 11);
  }
  SECTION("another cluster's") {
    bytes[24] ^= 1;  // xlp_sysid
    const auto outcome = push(name, bytes);
    CAPTURE(outcome);
    CHECK(outcome.exit_code == 11);
    CHECK_THAT(outcome.err, Contains("belongs to the cluster"));
  }
  SECTION("no name of the WAL") {
    CHECK(push("passwd", "x").exit_code == 2);
  }
}

TEST_CASE("the last segment of a timeline that was left is kept under its own name") {
  ArchivingSite site;
  site.must({"init"});
  site.start_archiving();
  const auto name = site.switch_segment();
  site.wait_for_archived(name);
  // As a server makes it that is promoted, of the segment it was in.
  const auto partial = site.pg_wal(name + ".partial");
  std::filesystem::copy_file(site.pg_wal(name), partial);
  site.cluster().give(partial);
  CHECK(site.run({"wal-push", partial.string()}).exit_code == 0);
  CHECK(std::filesystem::exists(site.archived(name, ".partial.zst")));
  CHECK(site.run({"wal-push", partial.string()}).exit_code == 0);
  // It is asked for by its own name alone.
  CHECK(fetch(site, name + ".partial").exit_code == 0);
  CHECK(read_text(fetched(site)) == read_text(partial));
  std::filesystem::remove(site.archived(name));
  CHECK(fetch(site, name).exit_code != 0);
  auto bytes = read_text(partial);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_text(partial, bytes);
  CHECK(site.run({"wal-push", partial.string()}).exit_code == 8);
}

TEST_CASE("a backlog is taken along, and nothing is told to be archived that is not") {
  ArchivingSite site;
  site.must({"init"});
  site.set_archive_command("false");
  const auto last = site.write_segments(12);
  site.start_archiving();
  site.wait_for_archived(last);
  for (const auto& entry : std::filesystem::directory_iterator{site.pg_wal("archive_status")}) {
    auto name = entry.path().stem().string();
    CAPTURE(entry.path());
    if (entry.path().extension() == ".done") CHECK(std::filesystem::exists(site.archived(name)));
  }
  CHECK(site.cluster().psql("postgres",
                            "select count(*) from pg_ls_archive_statusdir() where name like "
                            "'%.ready'") == "0");

  // Those that were taken along have notes until they are asked for, which hold for that very file.
  const auto json = site.json({"wal-push", site.pg_wal(last).string()});
  CHECK(json["result"]["file"]["copies"][0]["state"] == "there");
}

TEST_CASE("a note on a file says nothing of another under its name") {
  ArchivingSite site;
  site.must({"init"});
  site.set_archive_command("false");
  const auto last = site.write_segments(3);
  const auto waiting = ArchivingSite::waiting_in(site.cluster().data_directory());
  REQUIRE(waiting.size() >= 3);
  const auto pushed = site.json({"wal-push", site.pg_wal(waiting[0]).string()});
  REQUIRE(pushed["result"]["taken_along"].size() >= 2);
  const auto& along = waiting[1];
  REQUIRE(std::filesystem::exists(site.archived(along)));

  SECTION("the same file has nothing to do") {
    CHECK(site.json({"wal-push", site.pg_wal(along).string()})["result"]["file"]["noted"] == true);
  }
  SECTION("a file in its place is looked at") {
    auto bytes = read_text(site.pg_wal(along));
    bytes.back() = 'x';
    std::filesystem::remove(site.pg_wal(along));
    write_text(site.pg_wal(along), bytes);
    site.cluster().give(site.pg_wal(along));
    CHECK(site.run({"wal-push", site.pg_wal(along).string()}).exit_code == 8);
  }
  SECTION("a required store that is new is not in it") {
    site.add_store("vault", true);
    site.must({"init"});
    CHECK(site.json({"wal-push", site.pg_wal(along).string()})["result"]["file"]["noted"] == false);
    CHECK(std::filesystem::exists(ArchivingSite::in_store(site.directory() / "vault", along)));
  }
}

TEST_CASE("a damaged copy of the very same file is replaced by a push of it") {
  ArchivingSite site;
  site.must({"init"});
  const auto name = site.write_segments(1);
  site.must({"wal-push", site.pg_wal(name).string()});
  const auto stored = read_text(site.archived(name));
  SECTION("changed") {
    flip_a_bit(site.archived(name));
  }
  SECTION("cut") {
    write_text(site.archived(name), stored.substr(0, stored.size() - 10));
  }
  CHECK(site.run({"wal-push", site.pg_wal(name).string()}).exit_code == 0);
  CHECK(fetch(site, name).exit_code == 0);
}

TEST_CASE("an optional store that is away holds nothing up, a required one holds up all") {
  ArchivingSite site;
  site.add_store("vault", false);
  site.must({"init"});
  site.start_archiving();
  const auto away = site.directory() / "vault";
  const auto gone = site.directory() / "gone";
  std::filesystem::rename(away, gone);
  const auto first = site.write_segments(1);
  site.wait_for_archived(first);
  CHECK_THAT(site.cluster().log_text(), Contains("is not on the optional store \"vault\""));

  std::filesystem::rename(site.store(), site.directory() / "gone-too");
  const auto second = site.write_segments(1);
  CHECK(wait_until(
      [&] {
        return site.cluster().psql("postgres", "select failed_count > 0 from pg_stat_archiver") ==
               "t";
      },
      std::chrono::minutes{1}));
  CHECK_FALSE(site.is_archived(second));
  std::filesystem::rename(site.directory() / "gone-too", site.store());
  site.wait_for_archived(second);
  CHECK(std::filesystem::exists(site.archived(second)));
}
