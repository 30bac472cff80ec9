#include "report/runbook.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

#include "report/page_assets.hpp"
#include "report/page_configuration.hpp"
#include "report/page_data.hpp"
#include "report/page_fetches.hpp"
#include "report/page_procedures.hpp"
#include "report/page_recovery.hpp"
#include "report/runbook_commands.hpp"
#include "report/runbook_keys.hpp"
#include "report/runbook_remote.hpp"
#include "stream/hash.hpp"
#include "util/base64.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::report {

// Made by bkp_embed() from the templates beside this file.
std::vector<std::pair<std::string_view, std::string_view>> embedded_templates();

namespace {

using kainjow::mustache::data;
using util::printable;

constexpr auto command_template =
    "<p class=\"as\">as {{as}}</p>\n"
    "<pre{{#long}} class=\"long\"{{/long}}><code class=\"cmd\" id=\"{{id}}\" "
    "data-scenario=\"{{scenario}}\" data-as=\"{{as}}\"{{#manual}} data-manual=\"yes\"{{/manual}}>"
    "{{text}}</code></pre>\n";

constexpr auto fetch_template =
    "<p>The files of the backup are expected in <code>{{fetch_directory}}</code>."
    "{{#has_fetches}} One of these is enough to have them there:{{/has_fetches}}</p>\n"
    "{{#fetches}}<p>From store {{from}}:</p>\n{{#fetch}}{{>command}}{{/fetch}}{{/fetches}}";

std::string embedded(std::string_view wanted) {
  for (const auto& [name, text] : embedded_templates()) {
    if (name == wanted) return std::string{text};
  }
  throw util::Error{util::ErrorKind::internal, fmt::format("{} is not built in", wanted)};
}

/// The page's own script, and no other, is run by browsers: Content Security Policy Level 2,
/// "script-src" with the digest of its text.
void add_script(data& page) {
  const auto script = embedded("runbook.js");
  page["script"] = script;
  page["script_digest"] = util::to_base64(stream::sha256_of(script), util::Base64Padding::present);
}

data store_data(const RunbookStore& store) {
  data result;
  result["name"] = shown(store.name);
  result["url"] = shown(store.url);
  result["required"] = flag(store.required);
  result["opened_by"] = printable(credentials_text(store));
  if (!store.problem.empty()) result["problem"] = shown(store.problem);
  return result;
}

data history_data(const RunbookDatabase& database) {
  data result{data::type::list};
  for (const auto& line : database.history) {
    data row;
    row["label"] = shown(line.label);
    row["started_at"] = moment(line.started_at);
    row["size"] = util::format_size(util::byte_count(line.size_bytes));
    row["verified"] = flag(line.verified);
    // Set in any case: what a row lacks is looked up in what surrounds it.
    row["failed_at"] = line.failed_at ? data{moment(*line.failed_at)} : flag(false);
    row["held"] = flag(line.held);
    row["stores"] = joined(line.stores);
    result << row;
  }
  return result;
}

data parts_data(const backup::Manifest& manifest) {
  data result{data::type::list};
  for (const auto& part : manifest.parts) {
    data row;
    row["name"] = shown(part.name);
    row["size"] = std::to_string(part.size_bytes);
    row["sha256"] = shown(part.sha256);
    row["md5"] = shown(part.md5);
    result << row;
  }
  return result;
}

data copies_data(const RunbookModel& model, const RunbookBackup& backup) {
  const backup::Layout layout{model.site};
  data result{data::type::list};
  for (const auto& name : backup.stores) {
    const RunbookStore* store = model.store(name);
    if (store == nullptr) continue;
    data row;
    row["url"] = printable(store->url + "/" + layout.backup(backup.manifest.label).text());
    row["damaged"] = flag(std::ranges::find(backup.damaged, name) != backup.damaged.end());
    result << row;
  }
  return result;
}

std::string rows_text(const backup::Manifest& manifest) {
  if (!manifest.fingerprint) {
    return "not counted: " + or_unknown(manifest.fingerprint_missing_reason);
  }
  std::uint64_t rows = 0;
  for (const auto& table : manifest.fingerprint->tables) rows += table.rows;
  return fmt::format("{} in {} tables, {} large objects", rows, manifest.fingerprint->tables.size(),
                     manifest.fingerprint->large_objects.count);
}

void add_backup(data& target, const RunbookModel& model, const RunbookBackup& backup) {
  const auto& manifest = backup.manifest;
  target["label"] = shown(manifest.label);
  target["started_at"] = moment(manifest.started_at);
  target["took"] = util::format_duration(manifest.completed_at - manifest.started_at);
  target["verified"] = flag(backup.verified);
  if (!backup.verified && backup.verified_at) {
    target["failed_at"] = moment(*backup.verified_at);
    target["failed_because"] = backup.verification_error.empty()
                                   ? "why was not recorded"
                                   : printable(backup.verification_error);
  }
  target["verified_at"] = backup.verified_at ? moment(*backup.verified_at) : "time unknown";
  target["size"] = util::format_size(manifest.size_bytes());
  target["original"] = util::format_size(manifest.original_bytes());
  target["database_size"] = util::format_size(util::byte_count(manifest.database.size_bytes));
  target["rows"] = rows_text(manifest);
  target["copies"] = copies_data(model, backup);
  target["parts"] = parts_data(manifest);
}

void add_database_commands(data& target, const RunbookModel& model, const RunbookBackup& backup,
                           const std::string& number, const std::string& full) {
  const auto commands = database_commands(model, backup);
  const std::string& user = model.os_user;
  Blocks whole{target, "database-" + number};
  whole.add("stop_writes", "stop-writes", "root", commands.stop_writes);
  whole.add("list", "list", user, commands.list);
  whole.add("prove", "prove", user, commands.prove);
  whole.add("restore_beside", "restore", user, commands.restore_beside);
  whole.add("count_restored", "count", user, commands.count_restored);
  whole.add("switch_over", "switch", "root", commands.switch_over);
  whole.add("full", "full", user, full);
  Blocks missing{target, "missing-" + number};
  missing.add("switch_missing", "switch", "root", commands.switch_missing);
  Blocks quick{target, "swap-" + number};
  quick.add("swap", "restore", user, commands.swap);
  quick.add("allow_writes", "allow-writes", "root", commands.allow_writes);
  Blocks table{target, "table-" + number};
  table.add("table_restore", "restore", user, commands.restore_beside);
  table.add("set_table_aside", "set-aside", user, commands.set_table_aside);
  table.add("copy_table_back", "copy", user, commands.copy_table_back);
  table.add("count_table", "count", user, commands.count_table);
  Blocks variants{target, "table-variant-" + number};
  variants.add("copy_schema_back", "schema", user, commands.copy_schema_back);
  variants.add("restore_table_only", "rows", user, commands.restore_table_only);
  Blocks host{target, "host"};
  const bool is_catalog = backup.manifest.database.name == model.catalog_database;
  host.add(is_catalog ? "restore_catalog" : "restore_as_was", "restore-" + number, user,
           commands.restore_as_was);
  add_fetches(target, model, commands.stock_fetch, "fetch-" + number);
  Blocks stock{target, "stock-" + number};
  stock.add("stock_signature", "signature", user, commands.stock_signature);
  stock.add("stock_sums", "sums", user, commands.stock_sums);
  stock.add("stock_create", "create", user, commands.stock_create);
  stock.add("stock_restore", "restore", user, commands.stock_restore);
  stock.add("stock_count", "count", user, commands.stock_count);
  stock.add("stock_analyze", "analyze", user, commands.stock_analyze);
  Blocks stock_missing{target, "stock-missing-" + number};
  stock_missing.add("stock_switch", "switch", "root", commands.stock_switch);
  stock_missing.add("stock_properties", "properties", user, commands.stock_properties);
  target["has_stock"] = flag(!commands.stock_restore.empty());
  target["stock_name"] = shown(commands.stock_name);
  target["restored_name"] = shown(commands.restored_name);
  target["old_name"] = shown(commands.old_name);
  if (!commands.table.empty()) target["table"] = shown(commands.table);
}

data database_data(const RunbookModel& model, const RunbookDatabase& database,
                   const std::string& number, const std::string& full) {
  data result;
  result["id"] = "backups-of-" + number;
  result["name"] = shown(database.name);
  result["database"] = shown(database.name);
  result["has_stock"] = flag(false);
  result["gone"] = flag(database.gone);
  if (database.newest) {
    result["newest"] = flag(true);
    add_backup(result, model, *database.newest);
    add_database_commands(result, model, *database.newest, number, full);
  }
  if (database.last_verified) {
    result["last_verified_label"] = shown(database.last_verified->manifest.label);
  }
  if (database.restore_seconds && database.restore_measured_on) {
    result["restore_time"] =
        util::format_duration(std::chrono::duration<double>{*database.restore_seconds});
    result["restore_measured_on"] = shown(*database.restore_measured_on);
  }
  result["has_history"] = flag(!database.history.empty());
  result["history_shown"] = std::to_string(database.history.size());
  result["history_total"] = std::to_string(database.history_total);
  result["history"] = history_data(database);
  return result;
}

void add_facts(data& page, const RunbookModel& model) {
  page["site"] = shown(model.site);
  page["generated_at"] = moment(model.generated_at);
  page["host"] = or_unknown(model.host);
  page["os_user"] = shown(model.os_user);
  page["bkp_version"] = or_unknown(model.bkp_version);
  page["dump_version"] = or_unknown(model.dump_version);
  page["zstd_version"] = or_unknown(model.zstd_version);
  page["server_version"] = version_text(model.server_version);
  page["system_identifier"] = or_unknown(model.system_identifier);
  page["encryption"] = encryption_text(model);
  page["signing"] = model.public_keys.empty()
                        ? "Manifests are not signed."
                        : "Manifests are signed; the public keys are in chapters C and F.";
  page["config_file"] = model.config_file.empty() ? "none" : printable(model.config_file);
  page["conninfo"] = shown(model.cluster.to_argument());
  page["rpo"] = util::format_duration(model.rpo);
  page["rto"] = util::format_duration(model.rto);
  page["window"] = util::format_duration(model.window);
  auto problems = model.problems;
  if (!model.without_catalog.empty()) problems.push_back(model.without_catalog);
  page["has_problems"] = flag(!problems.empty());
  page["problems"] = names(problems);
  page["has_contacts"] = flag(!model.contacts.empty());
  page["contacts"] = names(model.contacts);
  if (const auto newest = model.newest_label(); !newest.empty())
    page["newest_label"] = shown(newest);
}

data files_data(const RunbookModel& model) {
  data result{data::type::list};
  for (const auto& file : model.files) {
    data row;
    row["path"] = shown(file.path);
    row["purpose"] = shown(file.purpose);
    row["otherwise"] = shown(file.otherwise);
    result << row;
  }
  return result;
}

void add_cluster(data& page, const RunbookModel& model, const ClusterCommands& commands) {
  const std::string& user = model.os_user;
  Blocks shell{page, "shell"};
  shell.add("become", "become", "root", commands.become, Kind::manual);
  shell.add("grant_superuser", "grant", "root", commands.grant_superuser);
  shell.add("revoke_superuser", "revoke", "root", commands.revoke_superuser);
  Blocks host{page, "host"};
  host.add("packages", "packages", "root", commands.packages, Kind::manual);
  host.add("create_cluster", "create-cluster", "root", commands.create_cluster, Kind::manual);
  host.add("make_user", "make-user", "root", commands.make_user, Kind::manual);
  host.add("give_stores", "give-stores", "root", commands.give_stores);
  host.add("give_places", "give-places", "root", commands.give_places);
  host.add("write_config", "write-config", user, commands.write_config);
  page["has_files"] = flag(!model.files.empty());
  page["lent_identity"] = names(lent_identities(model));
  page["files"] = files_data(model);
  host.add("public_keys", "public-keys", user, commands.public_keys);
  page["has_host_keys"] = flag(!commands.host_keys.empty());
  page["host_keys"] = block_list("host", "host_key", "host-key", user, commands.host_keys);
  data globals_fetch;
  add_fetches(globals_fetch, model, commands.globals_fetch, "fetch-host");
  page["globals_fetch"] = std::move(globals_fetch);
  host.add("globals", "globals", "root", commands.globals);
  host.add("host_grant_superuser", "grant", "root", commands.grant_superuser);
  host.add("host_take_over", "take-over", user, commands.take_over);
  page["host_rebuild_catalog"] =
      block_list("host", "rebuild", "rebuild", user, commands.rebuild_catalog);
  page["has_fill_stores"] = flag(!commands.fill_stores.empty());
  page["host_fill_stores"] = block_list("host", "fill", "fill", user, commands.fill_stores);
  host.add("host_revoke_superuser", "revoke", "root", commands.revoke_superuser);
  host.add("host_check", "check", user, commands.check);
  host.add("host_full", "full", user, commands.full);
  page["catalog_in_cluster"] = flag(!model.catalog_database.empty());
  Blocks catalog{page, "catalog"};
  catalog.add("init", "init", user, commands.init);
  page["rebuild_catalog"] =
      block_list("catalog", "rebuild", "rebuild", user, commands.rebuild_catalog);
  catalog.add("list_all", "list", user, commands.list);
  Blocks new_store{page, "new-store"};
  new_store.add("new_store_init", "init", user, commands.init);
  new_store.add("new_store_full", "full", user, commands.full);
  page["single_store"] = flag(model.stores.size() < 2);
}

data lost_stores_data(const RunbookModel& model) {
  data result{data::type::list};
  for (std::size_t i = 0; i < model.stores.size(); ++i) {
    const auto& lost = model.stores[i];
    const auto other = std::ranges::find_if(
        model.stores, [&](const auto& store) { return store.name != lost.name; });
    if (other == model.stores.end()) continue;
    const auto commands = store_commands(model, lost, *other);
    data row;
    row["lost"] = shown(lost.name);
    row["other"] = shown(other->name);
    Blocks blocks{row, "store-" + std::to_string(i + 1)};
    blocks.add("restore_from_other", "restore", model.os_user, commands.restore_from_other);
    Blocks{row, "alone-" + std::to_string(i + 1)}.add("restore_alone", "restore-alone",
                                                      model.os_user, commands.restore_alone);
    blocks.add("copy_store", "copy", model.os_user, commands.copy);
    blocks.add("store_init", "init", model.os_user, commands.init);
    blocks.add("store_wal_check", "wal-check", model.os_user, commands.wal_check);
    blocks.add("store_verify", "verify", model.os_user, commands.verify);
    blocks.add("store_rebuild", "rebuild", model.os_user, commands.rebuild_catalog);
    result << row;
  }
  return result;
}

}  // namespace

std::string render_runbook(const RunbookModel& model) {
  kainjow::mustache::mustache page_template{embedded("runbook.html.mustache")};
  const auto commands = cluster_commands(model);
  data page;
  page["command"] = data{kainjow::mustache::partial{[] { return command_template; }}};
  page["fetch_files"] = data{kainjow::mustache::partial{[] { return fetch_template; }}};
  add_script(page);
  add_facts(page, model);
  add_cluster(page, model, commands);
  add_recovery(page, model, commands);
  add_configuration(page, model);
  add_assets(page, model);
  add_procedures(page, model);
  data stores{data::type::list};
  for (const auto& store : model.stores) stores << store_data(store);
  page["stores"] = std::move(stores);
  data databases{data::type::list};
  for (std::size_t i = 0; i < model.databases.size(); ++i) {
    databases << database_data(model, model.databases[i], std::to_string(i + 1), commands.full);
  }
  page["databases"] = std::move(databases);
  page["lost_stores"] = lost_stores_data(model);
  if (!page_template.is_valid()) {
    throw util::Error{util::ErrorKind::internal,
                      "the runbook's template is no good: " + page_template.error_message()};
  }
  return page_template.render(page);
}

}  // namespace bkp::report
