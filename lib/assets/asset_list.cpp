#include "assets/asset_list.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "exports/session.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::assets {

using util::Error;
using util::ErrorKind;

namespace {

constexpr int rows_at_once = 10000;
/// Of the texts: some five million files.
constexpr std::size_t most_bytes = std::size_t{1} << 30U;
constexpr std::size_t sha256_digits = 64;

struct Columns {
  int path = -1;
  int sha256 = -1;
  int id = -1;
};

Columns columns_of(const pg::Result& result, const config::AssetSection& section) {
  Columns columns;
  for (int i = 0; i < result.columns(); ++i) {
    const auto name = result.column(i).name;
    if (name == "path") columns.path = i;
    if (name == "sha256") columns.sha256 = i;
    if (name == "id") columns.id = i;
  }
  if (columns.path >= 0 && columns.sha256 >= 0) return columns;
  throw Error{ErrorKind::config,
              fmt::format("the query of {} has no column {}", util::quoted(section.name),
                          columns.path < 0 ? "path" : "sha256"),
              "name its columns so: SELECT id, file_name AS path, checksum AS sha256 FROM …"};
}

/// nullopt for what is no checksum.
std::optional<std::string> parse_sha256(std::string_view text) {
  if (text.starts_with("\\x")) text.remove_prefix(2);  // bytea
  if (text.size() != sha256_digits) return std::nullopt;
  std::string digits{text};
  for (auto& digit : digits) {
    if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
    const bool is_hex = (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
    if (!is_hex) return std::nullopt;
  }
  return digits;
}

class Reader {
 public:
  explicit Reader(const config::AssetSection& section) : m_section{section} {}

  AssetList read(pg::Connection& connection) {
    connection.exec("DECLARE assets NO SCROLL CURSOR FOR " + m_section.sql);
    for (;;) {
      const auto result = connection.exec(fmt::format("FETCH {} FROM assets", rows_at_once));
      const auto columns = columns_of(result, m_section);
      for (int row = 0; row < result.rows(); ++row) take(result, row, columns);
      if (result.rows() < rows_at_once) break;
    }
    keep_each_once();
    say_oddities();
    return std::move(m_list);
  }

 private:
  void take(const pg::Result& result, int row, const Columns& columns) {
    Asset asset;
    asset.path = result.text(row, columns.path);
    if (asset.path.empty()) {
      ++m_nameless;
      return;
    }
    if (columns.id >= 0) asset.id = result.text(row, columns.id);
    if (const auto text = result.text(row, columns.sha256); !text.empty()) {
      if (auto sha256 = parse_sha256(text)) {
        asset.sha256 = std::move(*sha256);
      } else {
        ++m_odd;
      }
    }
    m_bytes += asset.path.size() + asset.id.size() + sizeof(Asset) + sha256_digits;
    if (m_bytes > most_bytes) {
      throw Error{ErrorKind::refused,
                  fmt::format("the query of {} gives more than can be held in memory",
                              util::quoted(m_section.name)),
                  "make several entries of it, each with a part of the files"};
    }
    m_list.assets.push_back(std::move(asset));
  }

  void keep_each_once() {
    auto& assets = m_list.assets;
    std::ranges::stable_sort(assets, {}, &Asset::path);
    std::size_t kept = 0;
    bool contradicted = false;
    for (std::size_t i = 0; i < assets.size(); ++i) {
      if (kept > 0 && assets[i].path == assets[kept - 1].path) {
        auto& sha256 = assets[kept - 1].sha256;
        if (contradicted || assets[i].sha256.empty() || assets[i].sha256 == sha256) continue;
        contradicted = !sha256.empty();
        sha256 = contradicted ? "" : assets[i].sha256;
        if (contradicted && m_contradicted++ == 0) m_first_contradicted = assets[i].path;
        continue;
      }
      contradicted = false;
      if (kept != i) assets[kept] = std::move(assets[i]);
      ++kept;
    }
    assets.resize(kept);
  }

  void say_oddities() {
    auto& notes = m_list.notes;
    if (m_nameless > 0) notes.push_back(fmt::format("{} rows have no path", m_nameless));
    if (m_odd > 0)
      notes.push_back(
          fmt::format("{} rows have a sha256 that is none: 64 hexadecimal digits", m_odd));
    if (m_contradicted > 0) {
      notes.push_back(
          fmt::format("{} paths are there more than once, with different checksums: {} first",
                      m_contradicted, util::quoted(m_first_contradicted)));
    }
    m_list.unusable = m_nameless + m_odd + m_contradicted;
  }

  const config::AssetSection& m_section;
  AssetList m_list;
  std::size_t m_bytes = 0;
  std::size_t m_nameless = 0;
  std::size_t m_odd = 0;
  std::size_t m_contradicted = 0;
  std::string m_first_contradicted;
};

}  // namespace

AssetList list_assets(run::Context& context, const config::AssetSection& section) {
  exports::Session session{context, section.database,
                           "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
  try {
    return Reader{section}.read(session.connection);
  } catch (const pg::DatabaseError& error) {
    if (error.of_server()) throw;
    throw error.reworded(
        fmt::format("the query of {} fails: {}", util::quoted(section.name), error.message()),
        "see `sql` in the configuration: it may only read, and only what its role may");
  }
}

}  // namespace bkp::assets
