#include "report/page_configuration.hpp"

#include <fmt/format.h>

#include "report/command_text.hpp"
#include "report/page_data.hpp"
#include "report/page_fetches.hpp"
#include "report/runbook_keys.hpp"
#include "report/runbook_programs.hpp"
#include "report/runbook_stock.hpp"
#include "util/units.hpp"

namespace bkp::report {

using kainjow::mustache::data;

void add_configuration(data& page, const RunbookModel& model) {
  page["has_configuration"] = flag(model.configuration.has_value());
  if (!model.configuration || !model.configuration->manifest.config) return;
  const auto& manifest = model.configuration->manifest;
  page["configuration_version"] = std::to_string(manifest.config->version);
  page["configuration_label"] = shown(manifest.label);
  page["configuration_made"] = moment(manifest.started_at);
  page["configuration_stores"] = joined(model.configuration->stores);
  page["configuration_sections"] = joined(manifest.config->sections);
  page["configuration_failed"] = names(manifest.config->failed);
  const auto label = shell_word(manifest.label);
  Blocks with_bkp{page, "configuration"};
  with_bkp.add("configuration_list", "list", model.os_user, bkp(model, "list --type config"));
  const auto restore = "config-restore " + label + with_identity_of_site(model);
  with_bkp.add("configuration_look", "look", model.os_user, bkp(model, restore + " --dry-run"));
  with_bkp.add("configuration_restore", "restore", model.os_user,
               bkp(model, restore + " --yes " + shell_word(model.site)));
  const auto fetch = parts_of(model, *model.configuration);
  data files;
  add_fetches(files, model, fetch, "fetch-configuration");
  page["configuration_fetch"] = std::move(files);
  const auto directory = model.fetch_directory + "/configuration";
  Blocks by_hand{page, "configuration-stock"};
  by_hand.add("configuration_signature", "signature", model.os_user,
              signature_command(model, fetch.directory));
  by_hand.add("configuration_sums", "sums", model.os_user, sums_command(fetch.directory, manifest));
  if (const auto* part = manifest.part("config")) {
    by_hand.add(
        "configuration_unpack", "unpack", model.os_user,
        fmt::format(
            "umask 077; rm -rf {0}; mkdir -p {0} &&\n{1} \\\n  | tar -x -C {0} &&\nls -R {0}",
            shell_word(directory), unpack(model, fetch.directory, *part)));
  }
}

}  // namespace bkp::report
