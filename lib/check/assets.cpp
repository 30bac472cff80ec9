#include <algorithm>

#include <fmt/format.h>

#include "assets/asset_file.hpp"
#include "assets/asset_list.hpp"
#include "check/topics.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

void examine(run::Context& context, const config::AssetSection& section, Findings& findings) {
  const auto topic = "assets " + section.name;
  const assets::AssetRoot root{section.root};
  const auto list = assets::list_assets(context, section);
  for (const auto& note : list.notes)
    findings.warning(topic, util::printable(note), "correct the query, or the rows");
  if (list.assets.empty()) {
    findings.warning(topic, "the query gives no file", "correct `sql`: nothing is checked");
    return;
  }
  if (std::ranges::all_of(list.assets, [](const auto& asset) { return asset.sha256.empty(); })) {
    findings.warning(topic, "no file has a checksum: only that they are there can be known",
                     "give `sql` a column sha256 that is filled, by the application or a trigger");
  }
  const auto& first = list.assets.front();
  if (root.look_at(first.path).state == assets::AssetState::ok) {
    findings.ok(topic, fmt::format("{} files are known", list.assets.size()));
    return;
  }
  findings.warning(
      topic,
      fmt::format("{} files are known, and the first, {}, is not below {} or cannot be "
                  "reached",
                  list.assets.size(), util::quoted(first.path),
                  util::quoted(section.root.string())),
      fmt::format("bkp assets-check --share 0% {}: it looks for all of them; if none is "
                  "there, correct `root`",
                  section.name));
}

}  // namespace

void examine_assets(run::Context& context, Findings& findings) {
  for (const auto& section : context.config.assets)
    findings.attempt("assets " + section.name, [&] { examine(context, section, findings); });
}

}  // namespace bkp::check
