#include "backup/site_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "store/url.hpp"
#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto format_name = "bkp-site";
constexpr int format_version = 1;

Error no_site_file(const store::Store& store, const Layout& layout, std::string_view why) {
  return Error{
      ErrorKind::damaged,
      fmt::format("{} on {} is no valid site file: {}", util::quoted(layout.site_file().text()),
                  store.url(), util::printable(why)),
      "is this the right store? if so, remove the object and run `bkp init`"};
}

std::string dumped(const json& file, int indent) {
  return file.dump(indent, ' ', false, json::error_handler_t::replace);
}

/// The text of the object, to the last byte.
std::string with_digest(json file) {
  file.erase("sha256");
  const auto digest = stream::digests_of(dumped(file, -1)).sha256;
  file["sha256"] = digest;
  return dumped(file, 1) + "\n";
}

std::string text_of(const SiteFile& file) {
  return with_digest({{"format", format_name},
                      {"format_version", format_version},
                      {"site", file.site},
                      {"system_identifier", file.system_identifier},
                      {"created_at", util::format_rfc3339(file.created_at)}});
}

}  // namespace

std::optional<SiteFile> read_site_file(store::Store& store, const Layout& layout) {
  const auto text = store::get_text(store, layout.site_file(), std::size_t{1} << 20U);
  if (!text) return std::nullopt;
  try {
    const json from = json::parse(*text);
    if (*text != with_digest(from)) throw no_site_file(store, layout, "it was changed");
    SiteFile file;
    file.site = from.at("site").get<std::string>();
    file.system_identifier = from.at("system_identifier").get<std::string>();
    file.created_at = util::parse_time(from.at("created_at").get<std::string>());
    if (from.at("format") != format_name || from.at("format_version") != format_version)
      throw no_site_file(store, layout, "it has a format that this bkp does not know");
    if (file.site != layout.site())
      throw no_site_file(store, layout, "it is of site " + util::quoted(file.site));
    return file;
  } catch (const json::exception& error) {
    throw no_site_file(store, layout, error.what());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::damaged) throw;
    throw no_site_file(store, layout, error.message());
  }
}

void write_site_file(store::Store& store, const Layout& layout, const SiteFile& file) {
  store::put_text(store, layout.site_file(), text_of(file));
}

void replace_site_file(store::Store& store, const Layout& layout, const SiteFile& file) {
  store::replace_text(store, layout.site_file(), text_of(file));
}

run::OpenedStores open_stores_of_site(const run::Context& context) {
  const Layout layout{context.config.site};
  auto opened = context.open_stores();
  std::erase_if(opened.stores, [&](const auto& named) {
    try {
      require_site_file(*named.store, layout, "");
      return false;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      opened.failures.push_back({named.name, named.store->url(), named.required, error});
      return true;
    }
  });
  return opened;
}

void require_site_file(store::Store& store, const Layout& layout,
                       const std::string& system_identifier) {
  const auto file = read_site_file(store, layout);
  if (!file) {
    throw Error{ErrorKind::store,
                fmt::format("{} holds no site {} (there is no site.json)", store.url(),
                            util::quoted(layout.site())),
                store::scheme_of(store.url()) == "file"
                    ? "is the file system mounted? a new store is prepared with `bkp init`"
                    : "is it the right place? a new store is prepared with `bkp init`"};
  }
  if (!file->system_identifier.empty() && !system_identifier.empty() &&
      file->system_identifier != system_identifier) {
    throw Error{
        ErrorKind::refused,
        fmt::format(
            "site {} on {} belongs to the cluster with system identifier {}, this one has {}",
            util::quoted(layout.site()), store.url(), file->system_identifier, system_identifier),
        "choose another `site` for this cluster; where the old cluster is gone for good and this "
        "one takes its place: `bkp init --take-over`"};
  }
}

}  // namespace bkp::backup
