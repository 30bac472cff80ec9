// A workload that notes every 50 ms what it commits and when, backed up meanwhile, is recovered to
// random moments: exactly what was committed by then must be there.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>

#include "support/incremental_site.hpp"

using namespace bkp::test;

namespace {

/// For `./dev soak`: how long the workload goes on, and how many targets of each kind are tried.
int setting(const char* name, int otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::stoi(given) : otherwise;
}

/// One writer, so that the order of commits is that of the numbers. `position` is a place in the
/// WAL between the commit before and the row's own.
constexpr auto workload = R"sql(
create table noted (i int primary key, xid bigint, at timestamptz, position pg_lsn, point text);
create table noise (i int, text text);
create procedure note_for(seconds int) language plpgsql as $$
declare
  ends timestamptz := clock_timestamp() + make_interval(secs => seconds);
  n int := 0;
  position pg_lsn;
begin
  while clock_timestamp() < ends loop
    n := n + 1;
    position := pg_current_wal_insert_lsn();
    if n % 10 = 0 then perform pg_create_restore_point('point ' || n); end if;
    insert into noted values (n, pg_current_xact_id()::text::bigint, clock_timestamp(), position,
                              case when n % 10 = 0 then 'point ' || n end);
    commit;
    perform pg_sleep(0.05);
  end loop;
end $$;
create procedure make_noise(seconds int) language plpgsql as $$
declare ends timestamptz := clock_timestamp() + make_interval(secs => seconds);
begin
  while clock_timestamp() < ends loop
    insert into noise select i, md5(random()::text) from generate_series(1, 200) i;
    update noise set text = md5(text) where i = 1 + (random() * 199)::int;
    if random() < 0.1 then delete from noise where i > 100; end if;
    commit;
    perform pg_sleep(0.02);
  end loop;
end $$;
)sql";

class Markers {
 public:
  explicit Markers(IncrementalSite& site) : m_site{site} {}

  /// From now on they are noted.
  RunningProgram start(int seconds) {
    m_site.ask(workload);
    m_noise.emplace(m_site.cluster().start_psql(
        "postgres", "call make_noise(" + std::to_string(seconds) + ")"));
    return m_site.cluster().start_psql("postgres",
                                       "call note_for(" + std::to_string(seconds) + ")");
  }
  int count() { return std::stoi(m_site.ask("select count(*) from noted")); }

  /// The number of markers committed by `time`.
  std::string by_time(const std::string& time) {
    return m_site.ask(
        "select coalesce(max(i), 0) from noted where "
        "pg_xact_commit_timestamp(xmin) <= " +
        sql_literal(time));
  }
  std::string column(const std::string& column, int i) {
    return m_site.ask("select " + column + " from noted where i = " + std::to_string(i));
  }

  /// What a recovered server has: its last marker, when there is no hole before it.
  std::string recovered(const nlohmann::json& report) {
    INFO(report.dump(1));
    REQUIRE(report["exit_code"] == 0);
    auto last = m_site.cluster().ask(
        report["result"]["socket"].get<std::string>(),
        "select case when count(*) = coalesce(max(i), 0) then coalesce(max(i), 0)::text "
        "else 'holes' end from noted");
    m_site.stop_recovered();
    return last;
  }

 private:
  IncrementalSite& m_site;
  std::optional<RunningProgram> m_noise;
};

}  // namespace

TEST_CASE("recovery ends at exactly the moment that was asked for") {
  const int seconds = setting("BKP_TEST_SECONDS", 20);
  const int targets = setting("BKP_TEST_TARGETS", 4);
  const auto seed = static_cast<unsigned>(
      setting("BKP_TEST_SEED", static_cast<int>(std::random_device{}() & 0x7FFFFFFF)));
  INFO("BKP_TEST_SEED=" << seed);
  std::mt19937 random{seed};
  ClusterOptions options;
  options.settings = {{"track_commit_timestamp", "on"}};
  IncrementalSite site{{}, options};
  Markers markers{site};
  auto notes = markers.start(seconds);
  REQUIRE(wait_until([&] { return markers.count() > 3; }));
  site.take_full();
  // Targets lie behind the first backup.
  const int first = markers.count() + 1;
  const int pause = seconds / 5;
  for (int i = 0; i < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::seconds{pause});
    site.take_incremental();
  }
  CHECK(notes.wait().exit_code == 0);
  site.archive_all();
  const int last = markers.count();
  REQUIRE(last > seconds * 5);
  const auto any = [&](int from, int to) {
    return std::uniform_int_distribution<int>{from, to}(random);
  };

  for (int n = 0; n < targets; ++n) {
    const int i = any(first + 1, last - 1);
    // Anywhere between two commits.
    const auto time =
        site.ask("select to_char((pg_xact_commit_timestamp(xmin) + make_interval(secs => " +
                 std::to_string(any(0, 49)) +
                 " / 1000.0)) at time zone 'UTC', "
                 "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') from noted where i = " +
                 std::to_string(i));
    CAPTURE(time);
    const auto report = site.recover({"--target-time", time});
    CHECK(markers.recovered(report) == markers.by_time(time));
    const auto distance = report["result"]["recovery"]["distance_seconds"].get<double>();
    CHECK(distance >= 0);
    CHECK(distance < 1);
  }
  for (int n = 0; n < targets; ++n) {
    const int i = any(first + 1, last);
    const auto lsn = markers.column("position", i);
    CAPTURE(lsn);
    CHECK(markers.recovered(site.recover({"--target-lsn", lsn})) == std::to_string(i - 1));
  }
  for (int n = 0; n < targets; ++n) {
    const int i = any(first + 1, last);
    const bool exclusive = n % 2 == 1;
    const auto xid = markers.column("xid", i);
    CAPTURE(xid, exclusive);
    std::vector<std::string> arguments{"--target-xid", xid};
    if (exclusive) arguments.emplace_back("--exclusive");
    CHECK(markers.recovered(site.recover(arguments)) == std::to_string(exclusive ? i - 1 : i));
  }
  for (int n = 0; n < targets; ++n) {
    const int i = any(first / 10 + 1, last / 10) * 10;
    const auto name = markers.column("point", i);
    CAPTURE(name);
    CHECK(markers.recovered(site.recover({"--target-name", name})) == std::to_string(i - 1));
  }
  CHECK(markers.recovered(site.recover({"--latest"})) == std::to_string(last));
}
