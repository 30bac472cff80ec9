#include "report/page_recovery.hpp"

#include "report/page_data.hpp"
#include "report/runbook_recovery.hpp"
#include "util/units.hpp"

namespace bkp::report {

using kainjow::mustache::data;

namespace {

data bases_data(const RunbookModel& model) {
  data result{data::type::list};
  for (const auto& base : model.bases) {
    data row;
    row["label"] = shown(base.label);
    row["completed"] = moment(base.completed_at);
    row["size"] = util::format_size(util::byte_count(base.size_bytes));
    row["proven"] = base.verified ? "verified" : "never verified";
    row["stores"] = joined(base.stores);
    result << row;
  }
  return result;
}

}  // namespace

void add_recovery(data& page, const RunbookModel& model, const ClusterCommands& cluster) {
  const auto commands = recovery_commands(model);
  page["has_bases"] = flag(!model.bases.empty());
  page["bases"] = bases_data(model);
  page["data_directory"] = shown(model.data_directory);
  Blocks back{page, "moment"};
  const auto add = [&](const std::string& id, const std::string& text) {
    back.add("moment_" + id, id, model.os_user, text);
  };
  add("preview", commands.preview);
  add("recover", commands.recover);
  add("look", commands.look);
  add("accept", commands.accept);
  add("place", commands.put_in_place);
  add("start", commands.start);
  add("archive", commands.wal_setup);
  add("restart", commands.restart);
  add("full", commands.full);
  page["moment_rebuild_catalog"] =
      block_list("moment", "rebuild", "rebuild", model.os_user, cluster.rebuild_catalog);
  add("check", commands.check);
  add("verify", commands.verify);
  Blocks{page, "new-store"}.add("new_store_base", "base", model.os_user, commands.full);
}

}  // namespace bkp::report
