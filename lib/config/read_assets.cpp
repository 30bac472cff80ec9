#include <algorithm>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

AssetSection read_assets_of(const Section& section) {
  AssetSection result;
  result.line = section.line();
  result.name = read_plain_name(section, "name: finals");
  result.database =
      non_empty_text(section.require("database", "say which knows the files: `database: x121`"));
  result.sql = non_empty_text(section.require(
      "sql",
      "give a query with the columns path and sha256: `sql: \"select id, path, sha256 from "
      "assets\"`"));
  const auto root = section.require("root", "say where the files are: `root: /srv/media`");
  result.root = to_path(root);
  if (!result.root.is_absolute()) {
    root.fail(fmt::format("is not absolute: {}", util::quoted(result.root.string())),
              "write the whole path, from /");
  }
  result.nightly = positive_share(section, "nightly", result.nightly);
  return result;
}

}  // namespace

std::vector<AssetSection> read_assets(const Section& top) {
  std::vector<AssetSection> result;
  for (const auto& section : top.sections("assets")) {
    auto one = read_assets_of(section);
    if (std::ranges::find(result, one.name, &AssetSection::name) != result.end()) {
      section.find("name")->fail(fmt::format("{} is used twice", util::quoted(one.name)),
                                 "give every entry a name of its own");
    }
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace bkp::config
