// Real archives of the real pg_dump, of databases that are hard to dump.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "pg/fingerprint.hpp"
#include "pg/seekable_archive.hpp"
#include "stream/sinks.hpp"
#include "support/archive_recorder.hpp"
#include "support/cluster.hpp"
#include "support/independent_hash.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"

using namespace bkp;
using test::Cluster;
using test::Program;

namespace {

const std::filesystem::path k_data{BKP_TEST_DATA};

/// Runs a PostgreSQL program of the cluster's version through sh, "$1" being the database.
std::string run(const Cluster& cluster, const std::string& database, const std::string& script) {
  test::Variables environment = cluster.environment(database);
  // pg_dump sets all else that the text of values depends on.
  environment["PGOPTIONS"] = "-c timezone=UTC -c bytea_output=hex";
  environment["PATH"] = cluster.bin_directory().string() + ":" + environment["PATH"];
  return test::output_of(
      Program{{"sh", "-c", script, "sh", database}}.with_environment(environment));
}

/// Through a pipe, in which pg_dump cannot seek.
std::string piped_dump(const Cluster& cluster, const std::string& database,
                       const std::string& options = "--compress=0") {
  return run(cluster, database, "pg_dump --format=custom " + options + " | cat");
}

void load_nasty(const Cluster& cluster) {
  cluster.create_database("nasty", "TEMPLATE template0 ENCODING 'UTF8'");
  cluster.load_file("nasty", k_data / "nasty.sql");
}

pg::Fingerprint fingerprint_of(const std::string& archive, std::size_t piece = 65536) {
  stream::NullSink end;
  pg::FingerprintSink sink{end};
  test::write_in_pieces(sink, archive, piece);
  sink.finish();
  REQUIRE(sink.fingerprint());
  return *sink.fingerprint();
}

void check_against_database(const pg::Fingerprint& taken, const Cluster& cluster,
                            const std::string& database, const std::string& encoding) {
  std::map<std::string, test::TableRows> tables;
  for (const pg::TableFingerprint& table : taken.tables) {
    tables[table.schema + '\0' + table.table] = {table.rows, table.hash};
  }
  CHECK(tables.size() == taken.tables.size());
  CHECK(tables == test::rows_of_tables(cluster, database, encoding));

  const test::LargeObjectRows objects{taken.large_objects.count, taken.large_objects.bytes,
                                      taken.large_objects.hash};
  CHECK(objects == test::rows_of_large_objects(cluster, database));
}

/// The seven integers of the header that say when the dump was made, in archives of PostgreSQL 12
/// to 15.
void copy_date(const std::string& from, std::string& to) {
  constexpr std::size_t k_date = 11 + 5;
  to.replace(k_date, 35, from, k_date, 35);
}

std::string schema_of(const Cluster& cluster, const std::string& database) {
  // \restrict holds a random word.
  return run(cluster, database, "pg_dump --schema-only | grep -v '^.\\(un\\)\\?restrict '");
}

}  // namespace

TEST_CASE("the fingerprint of a real dump agrees with the database") {
  const Cluster cluster;
  load_nasty(cluster);
  const std::string archive = piped_dump(cluster, "nasty");
  const pg::Fingerprint taken = fingerprint_of(archive);

  CHECK(taken.client_encoding == "UTF8");
  CHECK(taken.header.database == "nasty");
  CHECK(taken.archive_bytes == archive.size());
  check_against_database(taken, cluster, "nasty", "UTF8");

  for (const std::size_t piece : {1, 4096, 1 << 20}) {
    const pg::Fingerprint again = fingerprint_of(archive, piece);
    CHECK(again.tables.size() == taken.tables.size());
    CHECK(again.tables.back().hash == taken.tables.back().hash);
    CHECK(again.large_objects.hash == taken.large_objects.hash);
  }
}

TEST_CASE("the fingerprint of a LATIN1 database agrees with it") {
  const Cluster cluster;
  cluster.create_database("latin", "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  cluster.load_file("latin", k_data / "nasty_latin1.sql");
  const pg::Fingerprint taken = fingerprint_of(piped_dump(cluster, "latin"));
  CHECK(taken.client_encoding == "LATIN1");
  CHECK(taken.tables.size() == 3);
  check_against_database(taken, cluster, "latin", "LATIN1");
}

TEST_CASE("every kind of change to the data changes the fingerprint") {
  const Cluster cluster;
  cluster.psql("postgres",
               "CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (2, 'b');"
               "SELECT lo_from_bytea(4242, 'x');");
  const pg::Fingerprint before = fingerprint_of(piped_dump(cluster, "postgres"));
  const auto changed_by = [&](const std::string& sql) {
    cluster.psql("postgres", sql);
    const pg::Fingerprint after = fingerprint_of(piped_dump(cluster, "postgres"));
    return after.tables.at(0).hash != before.tables.at(0).hash ||
           after.large_objects.hash != before.large_objects.hash;
  };
  CHECK_FALSE(changed_by("UPDATE t SET v = v WHERE id = 1; VACUUM FULL t;"));
  CHECK(changed_by("UPDATE t SET v = 'A' WHERE id = 1;"));
  CHECK_FALSE(changed_by("UPDATE t SET v = 'a' WHERE id = 1;"));
  CHECK(changed_by("DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t WHERE id = 2);"));
  CHECK_FALSE(changed_by("INSERT INTO t VALUES (2, 'b');"));
  CHECK(changed_by("SELECT lo_put(4242, 0, 'y');"));
  CHECK_FALSE(changed_by("SELECT lo_put(4242, 0, 'x');"));
  CHECK(changed_by("SELECT lo_create(4243);"));
}

TEST_CASE("a piped dump becomes the file that pg_dump itself writes, and restores in parallel") {
  const Cluster cluster;
  load_nasty(cluster);
  const test::TemporaryDirectory directory;
  const std::string path = directory / "file.dump";
  run(cluster, "nasty", "pg_dump --format=custom --compress=0 --file=" + path);
  std::string expected = test::read_text(path);
  std::string piped = piped_dump(cluster, "nasty");
  copy_date(expected, piped);
  REQUIRE(piped != expected);

  // Inherited by the programs below, as they see it under /dev/fd.
  const util::Fd file{::open(directory.path().c_str(), O_TMPFILE | O_RDWR, 0600)};
  REQUIRE(file);
  const std::string name = "/dev/fd/" + std::to_string(file.get());
  pg::SeekableArchiveSink sink{file.get(), name};
  test::write_in_pieces(sink, piped, 65536);
  sink.finish();
  CHECK(test::read_text(name) == expected);

  CHECK(run(cluster, "nasty", "pg_restore --list " + name) ==
        run(cluster, "nasty", "pg_restore --list " + path));

  cluster.create_database("back", "TEMPLATE template0 ENCODING 'UTF8'");
  run(cluster, "back", "pg_restore --jobs=4 --exit-on-error --dbname=\"$1\" " + name);
  CHECK(schema_of(cluster, "back") == schema_of(cluster, "nasty"));

  // An enum's values are new ones, so its rows may have found another partition.
  auto before = test::rows_of_tables(cluster, "nasty");
  auto after = test::rows_of_tables(cluster, "back");
  const auto by_mood = [](const auto& table) {
    return table.first.find("by_mood") != std::string::npos;
  };
  CHECK(std::erase_if(before, by_mood) == 2);
  CHECK(std::erase_if(after, by_mood) == 2);
  CHECK(after == before);
  const std::string moods = "SELECT * FROM studio.by_mood ORDER BY n;";
  CHECK(cluster.psql("back", moods) == cluster.psql("nasty", moods));
  CHECK(test::rows_of_large_objects(cluster, "back") ==
        test::rows_of_large_objects(cluster, "nasty"));
}

TEST_CASE("dumps made with other options pass without a fingerprint") {
  const Cluster cluster;
  cluster.psql("postgres", "CREATE TABLE t AS SELECT generate_series(1, 100) AS id;");
  const auto [options, reason] = GENERATE(table<std::string, std::string>(
      {{"--compress=0 --inserts", "is no COPY text"}, {"--compress=6", "compressed"}}));
  const std::string archive = piped_dump(cluster, "postgres", options);
  stream::StringSink end;
  pg::FingerprintSink sink{end};
  sink.write(test::bytes_of(archive));
  sink.finish();
  CHECK(end.text() == archive);
  CHECK_FALSE(sink.fingerprint());
  CHECK_THAT(sink.unreadable().value_or(""), Catch::Contains(reason));
}

TEST_CASE("a dump without its end is no backup, wherever it was cut") {
  const Cluster cluster;
  cluster.psql("postgres",
               "CREATE TABLE t AS SELECT i, repeat('x', i) FROM generate_series(1, 200) i;"
               "SELECT lo_from_bytea(4242, 'x');");
  const std::string archive = piped_dump(cluster, "postgres");
  for (std::size_t length = 0; length < archive.size(); length += 13) {
    CAPTURE(length, archive.size());
    stream::NullSink end;
    pg::FingerprintSink sink{end};
    sink.write(test::bytes_of(std::string_view{archive}.substr(0, length)));
    CHECK_THROWS_AS(sink.finish(), util::Error);
  }
}
