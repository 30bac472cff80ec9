#include "retention/usage.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::retention {

using catalog::StoreUsage;
using std::chrono::days;

namespace {

constexpr std::size_t least_days = 3;
constexpr double horizon_days = 3650;

double days_between(util::Time from, util::Time to) {
  return std::chrono::duration<double, days::period>(to - from).count();
}

/// What counts against the capacity: also what others put on the same file system.
double occupied(const StoreUsage& usage) {
  if (!usage.capacity_bytes || !usage.available_bytes) return static_cast<double>(usage.used_bytes);
  return static_cast<double>(*usage.capacity_bytes - *usage.available_bytes);
}

std::vector<StoreUsage> last_of_each_day(const std::vector<StoreUsage>& samples) {
  std::vector<StoreUsage> daily;
  for (const auto& sample : samples) {
    if (sample.sampled_at < samples.back().sampled_at - forecast_window) continue;
    const auto day = std::chrono::floor<days>(sample.sampled_at);
    if (!daily.empty() && std::chrono::floor<days>(daily.back().sampled_at) == day) {
      daily.back() = sample;
    } else {
      daily.push_back(sample);
    }
  }
  return daily;
}

/// Bytes a day; `samples` has at least two, of different days.
double typical_growth(const std::vector<StoreUsage>& samples) {
  std::vector<double> slopes;
  for (auto earlier = samples.begin(); earlier != samples.end(); ++earlier) {
    for (auto later = std::next(earlier); later != samples.end(); ++later) {
      const auto elapsed = days_between(earlier->sampled_at, later->sampled_at);
      if (elapsed > 0) slopes.push_back((occupied(*later) - occupied(*earlier)) / elapsed);
    }
  }
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  if (slopes.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(slopes.begin(), middle)) / 2;
}

/// Adds what is left to what is used.
StoreUsage with_space(StoreUsage usage, const run::NamedStore& store,
                      std::optional<std::uint64_t> configured) {
  const auto space = store.store->space();
  if (space) {
    usage.capacity_bytes = static_cast<std::int64_t>(space->capacity);
    usage.available_bytes = static_cast<std::int64_t>(space->available);
  }
  if (configured) {
    const auto capacity = static_cast<std::int64_t>(*configured);
    const auto unused = std::max<std::int64_t>(capacity - usage.used_bytes, 0);
    usage.available_bytes = std::min(usage.available_bytes.value_or(unused), unused);
    usage.capacity_bytes = capacity;
  }
  return usage;
}

run::Condition condition_of(const StoreUsage& usage) {
  const auto name = fmt::format("store {}", usage.store);
  run::Condition condition;
  condition.subject = name;
  condition.good = usage.alert_state != "alert";
  condition.severity =
      fullness(usage) >= nearly_full ? config::Severity::critical : config::Severity::warning;
  condition.title = fmt::format("{} fills up", name);
  condition.solved_title = fmt::format("{} has room again", name);
  condition.what = retention::describe(usage);
  condition.risk = "once it is full, nothing can be written to it, the WAL neither";
  condition.next = "bkp prune; or a `retention` that keeps less, or a larger disk";
  return condition;
}

}  // namespace

StoreUsage measure(const run::NamedStore& store, const backup::Layout& layout,
                   std::optional<std::uint64_t> configured, util::Time now) {
  StoreUsage usage;
  usage.store = store.name;
  usage.url = store.store->url();
  usage.sampled_at = now;
  for (const auto& object : store.store->list(layout.root())) {
    usage.used_bytes += static_cast<std::int64_t>(object.size);
    ++usage.objects;
  }
  return with_space(std::move(usage), store, configured);
}

std::optional<double> fullness(const StoreUsage& usage) {
  if (!usage.capacity_bytes || !usage.available_bytes || *usage.capacity_bytes <= 0) {
    return std::nullopt;
  }
  return std::clamp(occupied(usage) / static_cast<double>(*usage.capacity_bytes), 0.0, 1.0);
}

std::optional<util::Time> forecast_full(const std::vector<StoreUsage>& samples) {
  if (samples.empty() || !fullness(samples.back())) return std::nullopt;
  const auto& present = samples.back();
  if (*present.available_bytes <= 0) return present.sampled_at;
  const auto daily = last_of_each_day(samples);
  if (daily.size() < least_days) return std::nullopt;
  const auto growth = typical_growth(daily);
  if (growth <= 0) return std::nullopt;
  const auto left = static_cast<double>(*present.available_bytes) / growth;
  if (left > horizon_days) return std::nullopt;
  const auto seconds = std::chrono::duration<double, days::period>{left};
  return present.sampled_at + std::chrono::duration_cast<std::chrono::seconds>(seconds);
}

StoreUsage record_usage(run::Context& context, const run::NamedStore& store,
                        const backup::Layout& layout, catalog::Catalog* catalog) {
  const auto capacity = context.config.store(store.name).capacity;
  const auto now = context.clock.now();
  std::vector<StoreUsage> samples;
  if (catalog != nullptr) samples = catalog->usage_history(store.name, now - forecast_window);
  StoreUsage usage;
  if (context.dry_run && !samples.empty()) {
    usage.store = store.name;
    usage.url = store.store->url();
    usage.sampled_at = now;
    usage.used_bytes = samples.back().used_bytes;
    usage.objects = samples.back().objects;
    usage = with_space(std::move(usage), store, capacity);
  } else {
    usage = measure(store, layout, capacity, now);
  }
  if (fullness(usage) >= context.config.status.capacity_alert) usage.alert_state = "alert";
  samples.push_back(usage);
  usage.full_at = forecast_full(samples);
  if (usage.alert_state == "alert") {
    context.warn(fmt::format("store {} fills up: {}", util::quoted(store.name), describe(usage)));
  }
  if (fullness(usage)) context.conditions.all.push_back(condition_of(usage));
  if (!context.dry_run) context.recorder.save_usage(usage);
  return usage;
}

std::string describe(const StoreUsage& usage) {
  const auto share = fullness(usage);
  if (!share) return fmt::format("{} used", util::format_size(util::byte_count(usage.used_bytes)));
  auto text = fmt::format("{}% of {} used, {} left", std::floor(*share * 100),
                          util::format_size(util::byte_count(*usage.capacity_bytes)),
                          util::format_size(util::byte_count(*usage.available_bytes)));
  if (usage.full_at) {
    text += fmt::format(", full on {}", util::format_rfc3339(*usage.full_at).substr(0, 10));
  }
  return text;
}

}  // namespace bkp::retention
