#include "recover/restore_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backup/databases.hpp"
#include "pg/tools.hpp"
#include "recover/new_database.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

std::optional<double> last_duration(run::Context& context, const std::string& label,
                                    const std::string& database) {
  if (context.config.site.empty()) return std::nullopt;
  try {
    return context.open_catalog().last_restore_seconds(label, database);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    context.log.debug("no catalog, so no measured restore time: {}", error.message());
    return std::nullopt;
  }
}

std::string verified_text(const RestorePlan& plan) {
  if (!plan.verified && plan.verified_at) {
    return fmt::format("LAST VERIFICATION FAILED {}: {}", util::format_rfc3339(*plan.verified_at),
                       plan.verification_error.empty() ? "why was not recorded"
                                                       : util::printable(plan.verification_error));
  }
  if (!plan.verified) return "never verified: a hope, not yet a backup";
  return plan.verified_at
             ? "verified " + util::format_rfc3339(*plan.verified_at) + " by a checked restore"
             : "verified by a checked restore";
}

std::string copy_text(const RestorePlan& plan) {
  return fmt::format("THE LAST CHECK OF THIS COPY FAILED{}: {}",
                     plan.copy_checked_at ? " " + util::format_rfc3339(*plan.copy_checked_at) : "",
                     util::printable(plan.copy_error));
}

std::string alternative_text(const RestorePlan& plan) {
  if (!plan.alternative) return "no other backup of this database is known to be better";
  const auto& other = *plan.alternative;
  return fmt::format("{}, {}: `{}`", util::printable(other.label),
                     other.verified_at ? "verified " + util::format_rfc3339(*other.verified_at)
                                       : "never verified, but nothing is known against it",
                     other.command);
}

std::string selection_text(const RestoreRequest& request) {
  std::string text;
  const auto add = [&](std::string_view kind, const std::vector<std::string>& names) {
    for (const auto& name : names) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kind, util::quoted(name));
    }
  };
  add("schema", request.schemas);
  add("table", request.tables);
  return text.empty() ? "everything" : text + ", with all that belongs to it";
}

std::string clients_text(const RestorePlan& plan) {
  std::string text = fmt::format("{}", plan.connections());
  std::string names;
  for (const auto& client : plan.clients) {
    names += fmt::format(
        "{}{} × {}{}", names.empty() ? "" : ", ", client.connections, util::printable(client.user),
        client.application.empty() ? "" : " (" + util::printable(client.application) + ")");
  }
  return names.empty() ? text : text + ": " + names;
}

}  // namespace

int RestorePlan::connections() const {
  int sum = 0;
  for (const auto& client : clients) sum += client.connections;
  return sum;
}

std::optional<std::uint64_t> server_free_space(pg::Connection& connection) {
  try {
    // Over a Unix socket there is no address.
    if (connection.exec("SELECT pg_catalog.inet_server_addr() IS NOT NULL").boolean(0, 0)) {
      return std::nullopt;
    }
    const auto directory = connection.exec("SHOW data_directory");
    return util::file_system_space(std::string{directory.single()}).available;
  } catch (const Error&) {
    // Not every role may ask, and not every server shares this machine's file system.
    return std::nullopt;
  }
}

void require_server_space(pg::Connection& connection, std::uint64_t database_bytes) {
  const auto free_bytes = server_free_space(connection);
  if (!free_bytes || *free_bytes >= database_bytes) return;
  throw Error{ErrorKind::refused,
              fmt::format("the server's data directory has {} free, the database had {}",
                          util::format_size(*free_bytes), util::format_size(database_bytes)),
              "free space on the server, or restore on another one"};
}

const catalog::BackupRecord* better_backup(const std::vector<catalog::BackupRecord>& newest_first,
                                           const catalog::BackupRecord& doubted) {
  const auto first = [&](auto&& trusted) {
    const auto found = std::ranges::find_if(newest_first, [&](const auto& backup) {
      return backup.label != doubted.label && backup.database_name == doubted.database_name &&
             backup.method == doubted.method && backup.good() && trusted(backup) &&
             std::ranges::any_of(backup.copies, &catalog::CopyRecord::sound);
    });
    return found == newest_first.end() ? nullptr : &*found;
  };
  const auto* verified = first([](const auto& backup) { return backup.verified; });
  if (verified != nullptr) return verified;
  return first([](const auto& backup) { return !backup.failed_verification(); });
}

RestorePlan make_plan(run::Context& context, pg::Connection& maintenance,
                      const catalog::BackupRecord& record, const backup::Source& source,
                      const RestoreRequest& request) {
  const auto& manifest = source.manifest();
  RestorePlan plan;
  plan.request = request;
  plan.label = manifest.label;
  plan.store = source.store.name;
  plan.now = context.clock.now();
  const auto time = util::format_compact(plan.now);
  plan.target = request.into.empty()
                    ? backup::name_with_suffix(request.database, "_restored_" + time)
                    : request.into;
  plan.kept_as = backup::name_with_suffix(request.database, "_before_" + time);
  plan.database_exists = database_exists(maintenance, request.database);
  plan.taken_at = manifest.started_at;
  plan.verified = record.verified;
  plan.verified_at = record.verified_at;
  plan.verification_error = record.verification_error();
  if (const auto* copy = record.copy_on(plan.store); copy != nullptr && copy->damaged()) {
    plan.copy_error = copy->error_message;
    plan.copy_checked_at = copy->last_checked_at;
  }
  plan.stored_bytes = manifest.size_bytes();
  plan.dump_bytes = manifest.original_bytes();
  plan.database_bytes = util::byte_count(manifest.database.size_bytes);
  plan.last_seconds = last_duration(context, manifest.label, manifest.database.name);
  plan.free_bytes = server_free_space(maintenance);
  plan.backed_up_from = manifest.server_version;
  plan.restored_to = maintenance.server_version();
  plan.clients = clients_of(maintenance, request.database);
  return plan;
}

void require_possible(pg::Connection& maintenance, const RestorePlan& plan) {
  if (database_exists(maintenance, plan.target)) {
    throw Error{ErrorKind::refused,
                fmt::format("there is a database {} already, and a restore overwrites nothing",
                            util::quoted(plan.target)),
                "give another name with --into"};
  }
  if (!plan.request.partial()) require_server_space(maintenance, plan.database_bytes);
  if (plan.replaces()) require_swappable(maintenance, plan.request.database);
}

std::string what_is_lost(const RestorePlan& plan) {
  auto text = fmt::format(
      "{} goes back to its state of {}. What was written to it in the {} since then will not be in "
      "it, but stays in {}.",
      util::quoted(plan.request.database), util::format_rfc3339(plan.taken_at),
      util::format_duration(plan.now - plan.taken_at), util::quoted(plan.kept_as));
  if (plan.connections() > 0) {
    text += fmt::format(" {} connection{} will be ended.", plan.connections(),
                        plan.connections() == 1 ? "" : "s");
  }
  return text;
}

std::string to_text(const RestorePlan& plan) {
  std::string text = "Restore plan\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<13} {}\n", name, value);
  };
  line("backup", util::printable(plan.label) + " on store " + util::printable(plan.store));
  line("state of", fmt::format("{}, {} ago", util::format_rfc3339(plan.taken_at),
                               util::format_duration(plan.now - plan.taken_at)));
  line("proven", verified_text(plan));
  if (!plan.copy_error.empty()) line("copy", copy_text(plan));
  if (plan.doubted()) line("instead", alternative_text(plan));
  line("size", fmt::format("{} stored, {} dump, {} as a database",
                           util::format_size(plan.stored_bytes), util::format_size(plan.dump_bytes),
                           plan.database_bytes == 0 ? "size not known"
                                                    : util::format_size(plan.database_bytes)));
  line("free", plan.free_bytes ? util::format_size(*plan.free_bytes) + " on the server"
                               : "not visible from here");
  line("last time", plan.last_seconds ? util::format_duration(util::Duration{*plan.last_seconds})
                                      : "not measured yet");
  line("restores", selection_text(plan.request));
  line("into", "new database " + util::quoted(plan.target));
  if (plan.replaces()) {
    line("then", fmt::format("{} becomes {}, the restored one becomes {}",
                             util::quoted(plan.request.database), util::quoted(plan.kept_as),
                             util::quoted(plan.request.database)));
  } else if (plan.request.swap) {
    line("then", "it takes the name " + util::quoted(plan.request.database) + ", which is free");
  }
  line("server",
       fmt::format("PostgreSQL {}, backed up from {}", pg::format_version(plan.restored_to),
                   pg::format_version(plan.backed_up_from)));
  line("connections", clients_text(plan));
  line("lost", plan.replaces() ? what_is_lost(plan) : "nothing: what exists stays as it is");
  return text;
}

nlohmann::json to_json(const RestorePlan& plan) {
  nlohmann::json json{
      {"label", plan.label},
      {"store", plan.store},
      {"database", util::printable(plan.request.database)},
      {"target", util::printable(plan.target)},
      {"swap", plan.request.swap},
      {"kept_as", nullptr},
      {"taken_at", util::format_rfc3339(plan.taken_at)},
      {"age_seconds", util::Duration{plan.now - plan.taken_at}.count()},
      {"verified", plan.verified},
      {"verified_at", nullptr},
      {"verification_error", nullptr},
      {"copy_error", nullptr},
      {"alternative", nullptr},
      {"stored_bytes", plan.stored_bytes},
      {"dump_bytes", plan.dump_bytes},
      {"database_bytes", plan.database_bytes},
      {"free_bytes", nullptr},
      {"last_restore_seconds", nullptr},
      {"server_version", pg::format_version(plan.restored_to)},
      {"backed_up_from", pg::format_version(plan.backed_up_from)},
      {"connections", plan.connections()},
  };
  if (plan.replaces()) json["kept_as"] = util::printable(plan.kept_as);
  if (plan.verified_at) json["verified_at"] = util::format_rfc3339(*plan.verified_at);
  if (!plan.verification_error.empty()) {
    json["verification_error"] = util::printable(plan.verification_error);
  }
  if (!plan.copy_error.empty()) json["copy_error"] = util::printable(plan.copy_error);
  if (plan.alternative) {
    json["alternative"] = {{"label", plan.alternative->label},
                           {"command", plan.alternative->command}};
  }
  if (plan.free_bytes) json["free_bytes"] = *plan.free_bytes;
  if (plan.last_seconds) json["last_restore_seconds"] = *plan.last_seconds;
  return json;
}

}  // namespace bkp::recover
