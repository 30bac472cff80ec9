#include "wal/archive_key.hpp"

#include "pg/wal_name.hpp"

namespace bkp::wal {

namespace {

constexpr std::size_t field = 8;  // digits
constexpr std::string_view compressed_suffix = ".zst";
constexpr std::string_view sealed_suffix = ".age";

}  // namespace

store::Key archive_root(const std::string& site) {
  return store::Key{site} / "wal";
}

store::Key timeline_key(const std::string& site, std::string_view timeline) {
  return archive_root(site) / timeline;
}

store::Key archive_key(const std::string& site, std::string_view name, Sealing sealing) {
  auto directory = timeline_key(site, name.substr(0, field));
  const bool history = name.ends_with(".history");
  if (!history) directory = directory / name.substr(field, field);
  std::string last{name};
  last += compressed_suffix;
  if (sealing == Sealing::age) last += sealed_suffix;
  return directory / last;
}

std::optional<ArchivedName> parse_archived_name(std::string_view text) {
  ArchivedName archived;
  if (text.ends_with(sealed_suffix)) {
    archived.sealing = Sealing::age;
    text.remove_suffix(sealed_suffix.size());
  }
  if (!text.ends_with(compressed_suffix)) return std::nullopt;
  text.remove_suffix(compressed_suffix.size());
  if (!pg::parse_wal_name(text, pg::smallest_wal_segment)) return std::nullopt;
  archived.name = text;
  return archived;
}

}  // namespace bkp::wal
