#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backup/layout.hpp"
#include "catalog/catalog.hpp"
#include "run/context.hpp"

namespace bkp::retention {

/// How full a store is, and when it will be: one sample a run goes into `store_usage`.

/// The space now: bytes and number of the site's objects, the capacity (`configured`, else what the
/// store says) and what is left of it. With a configured capacity that is what the site has not
/// used yet, or less where the store itself has less. No alert, no forecast.
catalog::StoreUsage measure(const run::NamedStore& store, const backup::Layout& layout,
                            std::optional<std::uint64_t> configured, util::Time now);

/// Share of the capacity that is gone, 0..1, whoever took it; nullopt without a capacity.
std::optional<double> fullness(const catalog::StoreUsage& usage);

/// A store that is as full as this is as good as full.
inline constexpr double nearly_full = 0.95;

/// The history a forecast looks at.
inline constexpr std::chrono::days forecast_window{30};

/// When the store will be full, by the growth of the last 30 days: the Theil–Sen slope (the median
/// of the slopes of all pairs, which one odd day does not move) over the last sample of each UTC
/// day. `samples` oldest first, the last is the present. nullopt when there is no capacity, when
/// fewer than three days have a sample, when it does not grow, and when that is more than ten years
/// ahead. A full store is full at its last sample's time.
std::optional<util::Time> forecast_full(const std::vector<catalog::StoreUsage>& samples);

/// Measures, judges against `config.status.capacity_alert`, forecasts from the catalog's samples
/// (`catalog` is null when it is down: no forecast), records, and warns with both when the alert is
/// reached. With context.dry_run nothing is recorded, and what the site uses is taken from the last
/// sample where there is one: counting a large store takes its time. Throws what the store throws.
catalog::StoreUsage record_usage(run::Context& context, const run::NamedStore& store,
                                 const backup::Layout& layout, catalog::Catalog* catalog);

/// "80% of 500 GiB used, 100 GiB left, full on 2026-12-24": for people.
std::string describe(const catalog::StoreUsage& usage);

}  // namespace bkp::retention
