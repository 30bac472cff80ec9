#include "retention/usage.hpp"

#include <catch2/catch.hpp>

#include "offline_site.hpp"

using namespace bkp;
using catalog::StoreUsage;
using Catch::Matchers::Contains;
using std::chrono::days;
using std::chrono::hours;
using test::k_now;

namespace {

StoreUsage sample(std::chrono::seconds age, std::int64_t capacity, std::int64_t available) {
  StoreUsage usage;
  usage.store = "local";
  usage.sampled_at = k_now - age;
  usage.used_bytes = capacity - available;
  usage.capacity_bytes = capacity;
  usage.available_bytes = available;
  return usage;
}

/// One sample a day up to k_now, growing by `growth` a day up to `used` of 1000.
std::vector<StoreUsage> growing(int count, std::int64_t growth, std::int64_t used = 600) {
  std::vector<StoreUsage> samples;
  for (int day = count - 1; day >= 0; --day) {
    samples.push_back(sample(days{day}, 1000, 1000 - used + growth * day));
  }
  return samples;
}

class SmallStore final : public store::Store {
 public:
  std::string url() const override { return "small:"; }
  std::unique_ptr<stream::Sink> create(const store::Key& key) override {
    return m_inner.create(key);
  }
  bool fetch(const store::Key& key, std::optional<store::ByteRange> range,
             stream::Sink& sink) override {
    return m_inner.fetch(key, range, sink);
  }
  std::optional<store::ObjectInfo> stat(const store::Key& key) override {
    return m_inner.stat(key);
  }
  std::vector<store::ObjectInfo> list(const store::Key& prefix) override {
    return m_inner.list(prefix);
  }
  std::vector<std::string> names(const store::Key&) override { return {}; }
  bool remove(const store::Key& key) override { return m_inner.remove(key); }
  std::vector<std::string> unfinished(const store::Key& prefix, const store::KeyTest& pass_over,
                                      util::Time begun_before) override {
    return m_inner.unfinished(prefix, pass_over, begun_before);
  }
  std::vector<std::string> remove_unfinished(const store::Key& prefix,
                                             util::Time begun_before) override {
    return m_inner.remove_unfinished(prefix, begun_before);
  }
  std::optional<store::StoreSpace> space() override { return store::StoreSpace{1000, 150}; }

 private:
  store::MemoryStore m_inner;
};

}  // namespace

TEST_CASE("a store that grows evenly is full when the rest is used up") {
  CHECK(retention::forecast_full(growing(10, 20)) == k_now + days{20});
}

TEST_CASE("a forecast needs three days, growth and a capacity") {
  CHECK_FALSE(retention::forecast_full({}));
  CHECK_FALSE(retention::forecast_full(growing(2, 20)));
  CHECK(retention::forecast_full(growing(3, 20)));
  CHECK_FALSE(retention::forecast_full(growing(10, 0)));
  CHECK_FALSE(retention::forecast_full(growing(10, -5)));
  auto without = growing(10, 20);
  without.back().capacity_bytes.reset();
  CHECK_FALSE(retention::forecast_full(without));
  std::vector<StoreUsage> one_day;
  for (int minute = 60; minute >= 0; --minute) {
    one_day.push_back(sample(std::chrono::minutes{minute}, 1000, 400 + minute));
  }
  CHECK_FALSE(retention::forecast_full(one_day));
}

TEST_CASE("a full store is full now") {
  auto samples = growing(1, 0, 1000);
  CHECK(retention::forecast_full(samples) == k_now);
}

TEST_CASE("one odd day does not move the forecast") {
  auto samples = growing(15, 20);
  *samples[7].available_bytes -= 300;
  CHECK(retention::forecast_full(samples) == k_now + days{20});
}

TEST_CASE("what was before the last 30 days does not count") {
  auto samples = growing(10, 20);
  for (int day = 31; day < 60; ++day) samples.insert(samples.begin(), sample(days{day}, 1000, 10));
  CHECK(retention::forecast_full(samples) == k_now + days{20});
}

TEST_CASE("a crawl of more than ten years is no forecast") {
  std::vector<StoreUsage> samples;
  for (int day = 9; day >= 0; --day)
    samples.push_back(sample(days{day}, 10'000'000, 9'000'000 + day));
  CHECK_FALSE(retention::forecast_full(samples));
}

TEST_CASE("the sawtooth of growth and nightly pruning gives the trend") {
  std::vector<StoreUsage> samples;
  for (int hour = 20 * 24; hour >= 0; --hour) {
    const int day = hour / 24;
    samples.push_back(sample(hours{hour}, 10'000, 4000 + day * 100 - (23 - hour % 24) * 30));
  }
  const auto full_at = retention::forecast_full(samples);
  REQUIRE(full_at);
  const auto left = std::chrono::duration_cast<days>(*full_at - k_now).count();
  CHECK(left >= 30);
  CHECK(left <= 41);
}

TEST_CASE("a store is measured by what the site has on it") {
  test::OfflineSite site;
  site.add(test::dump(hours{1}));
  store::put_text(site.store(), store::Key{"other/site.json"}, "somebody else's");
  const auto usage = retention::measure(site.named(), site.layout(), 10'000, k_now);
  const auto manifest = site.store().stat(site.layout().manifest(test::dump(hours{1}).label))->size;
  CHECK(usage.objects == 3);
  CHECK(usage.used_bytes == static_cast<std::int64_t>(20 + manifest));
  CHECK(usage.capacity_bytes == 10'000);
  CHECK(usage.available_bytes == 10'000 - usage.used_bytes);
  CHECK_FALSE(retention::fullness(retention::measure(site.named(), site.layout(), {}, k_now)));
}

TEST_CASE("what others use counts, and a configured capacity is only an upper limit") {
  test::OfflineSite site;
  const run::NamedStore small{"local", true, std::make_shared<SmallStore>()};
  store::put_text(*small.store, site.layout().site_file(), "{}");
  const auto disk = retention::measure(small, site.layout(), std::nullopt, k_now);
  CHECK(retention::fullness(disk) == Approx(0.85));
  const auto limited = retention::measure(small, site.layout(), 100, k_now);
  CHECK(limited.available_bytes == 98);
  const auto hopeful = retention::measure(small, site.layout(), 5000, k_now);
  CHECK(hopeful.available_bytes == 150);
}

TEST_CASE("the alert goes with the configured share") {
  test::OfflineSite site;
  const run::NamedStore small{"local", true, std::make_shared<SmallStore>()};
  site.config().status.capacity_alert = 0.86;
  CHECK(retention::record_usage(site.context(), small, site.layout(), nullptr).alert_state == "ok");
  CHECK(site.context().warnings.empty());

  site.config().status.capacity_alert = 0.85;
  const auto usage = retention::record_usage(site.context(), small, site.layout(), nullptr);
  CHECK(usage.alert_state == "alert");
  REQUIRE(site.context().warnings.size() == 1);
  CHECK_THAT(site.context().warnings[0], Contains("store \"local\" fills up: 85%"));
  CHECK(site.recorded("usage_sampled") == 2);
}

TEST_CASE("a dry run records no usage") {
  test::OfflineSite site;
  site.context().dry_run = true;
  retention::record_usage(site.context(), site.named(), site.layout(), nullptr);
  CHECK(site.recorded("usage_sampled") == 0);
}

TEST_CASE("usage in words") {
  auto usage = sample(days{0}, 1000 * 1024, 250 * 1024);
  CHECK(retention::describe(usage) == "75% of 1000.0 KiB used, 250.0 KiB left");
  usage.full_at = k_now + days{10};
  CHECK(retention::describe(usage) == "75% of 1000.0 KiB used, 250.0 KiB left, full on 2026-11-30");
  usage.capacity_bytes.reset();
  CHECK(retention::describe(usage) == "750.0 KiB used");
}
