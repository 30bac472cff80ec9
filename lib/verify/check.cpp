#include "verify/check.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "util/clock.hpp"
#include "util/error.hpp"
#include "util/first_failure.hpp"

namespace bkp::verify {

namespace {

Check make(const Probe& probe, pg::Connection& connection, const util::Clock& clock) {
  const auto begin = clock.steady();
  Check check{probe.kind, probe.name, Outcome::passed, {}, 0};
  try {
    check.message = probe.look(connection);
  } catch (const pg::DatabaseError& error) {
    if (error.of_server()) throw;
    check.message = error.message();
  }
  if (!check.message.empty()) check.outcome = Outcome::failed;
  check.seconds = util::Duration{clock.steady() - begin}.count();
  return check;
}

std::vector<std::size_t> heaviest_first(const std::vector<Probe>& probes) {
  std::vector<std::size_t> order(probes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probes[a].weight > probes[b].weight;
  });
  return order;
}

}  // namespace

Check passed(std::string kind, std::string name) {
  return {std::move(kind), std::move(name), Outcome::passed, {}, 0};
}

Check failed(std::string kind, std::string name, std::string message) {
  return {std::move(kind), std::move(name), Outcome::failed, std::move(message), 0};
}

Check skipped(std::string kind, std::string name, std::string message) {
  return {std::move(kind), std::move(name), Outcome::skipped, std::move(message), 0};
}

std::vector<Check> run_probes(run::Context& context, const pg::Conninfo& database, int connections,
                              const std::vector<Probe>& probes,
                              const std::function<void(pg::Connection&)>& prepare) {
  std::vector<Check> checks(probes.size());
  const auto order = heaviest_first(probes);
  std::atomic<std::size_t> next = 0;
  util::FirstFailure failure;
  const auto work = [&] {
    try {
      auto connection = pg::Connection::open(database, context.interrupt);
      prepare(connection);
      for (std::size_t i = next++; i < order.size() && !failure.any(); i = next++) {
        context.interrupt.check();
        checks[order[i]] = make(probes[order[i]], connection, context.clock);
      }
    } catch (...) {
      failure.keep_current();
    }
  };
  {
    std::vector<std::jthread> threads;
    const auto wanted = std::min(static_cast<std::size_t>(std::max(connections, 1)), probes.size());
    for (std::size_t i = 0; i < wanted; ++i) threads.emplace_back(work);
  }
  failure.rethrow();
  return checks;
}

}  // namespace bkp::verify
