#include "catalog/migrations.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "catalog/migrate.hpp"
#include "stream/hash.hpp"
#include "util/error.hpp"

namespace bkp::catalog {

namespace {

std::vector<Migration> collect() {
  std::vector<Migration> found;
  for (const auto& [name, text] : embedded_migrations()) {
    int version = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
    if (error != std::errc{}) continue;
    found.push_back({version, std::string{name}, text, stream::digests_of(text).sha256});
  }
  std::ranges::sort(found, {}, &Migration::version);
  for (int expected = 1; const auto& migration : found) {
    if (migration.version != expected++) {
      throw util::Error{util::ErrorKind::internal,
                        fmt::format("migration {} is out of order", migration.name)};
    }
  }
  return found;
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const auto all = collect();
  return all;
}

std::string_view grants() {
  for (const auto& [name, text] : embedded_migrations()) {
    if (name == "grants.sql") return text;
  }
  throw util::Error{util::ErrorKind::internal, "grants.sql is not embedded"};
}

int newest_version() {
  return migrations().empty() ? 0 : migrations().back().version;
}

}  // namespace bkp::catalog
