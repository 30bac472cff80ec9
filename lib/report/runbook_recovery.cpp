#include "report/runbook_recovery.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "report/command_text.hpp"
#include "report/runbook_keys.hpp"
#include "report/runbook_programs.hpp"

namespace bkp::report {

namespace {

/// On the private socket of the recovered server, which stands in its postmaster.pid.
std::string ask(const RunbookModel& model, const std::string& directory, std::string_view sql) {
  const auto user = model.cluster.get("user").value_or(model.os_user);
  return fmt::format("psql -h \"$(sed -n 5p {})\" -p 5432 \\\n  -U {} -d postgres -c {}",
                     shell_word(directory + "/postmaster.pid"), shell_word(user), shell_word(sql));
}

}  // namespace

RecoveryCommands recovery_commands(const RunbookModel& model) {
  RecoveryCommands commands;
  if (model.bases.empty()) return commands;
  const auto& data = model.data_directory;
  const auto place = shell_word(data);
  const auto recovered = data + ".recovered";
  const auto pg_ctl =
      shell_word((std::filesystem::path{model.server_programs} / "pg_ctl").string());
  commands.preview = bkp(model, "pitr-restore --latest --preview" + with_identity_of_site(model));
  commands.recover = bkp(model, "pitr-restore --latest --to " + shell_word(recovered) + " --start" +
                                    with_identity_of_site(model));
  commands.look = ask(model, recovered,
                      "select pg_is_in_recovery() as recovers, pg_last_xact_replay_timestamp() as "
                      "last_transaction");
  commands.accept = ask(model, recovered,
                        "select case when pg_is_in_recovery() then pg_promote() end as accepted");
  commands.put_in_place = fmt::format(
      "if {0} -D {1} status >/dev/null 2>&1; then\n"
      "  echo {2} >&2; false\n"
      "else\n"
      "  {0} -D {3} -w -m fast stop &&\n"
      "  {{ test ! -e {1} || mv {1} {4}; }} &&\n"
      "  mv {3} {1}\n"
      "fi",
      pg_ctl, place, shell_word("the old server still runs: stop it first"), shell_word(recovered),
      shell_word(data + ".lost"));
  commands.start = fmt::format("{} -D {} -w -l {} start", pg_ctl, place, shell_word(data + ".log"));
  commands.wal_setup =
      fmt::format("{} || test $? = 3", bkp(model, "wal-setup --yes " + shell_word(model.site)));
  commands.restart = fmt::format("{} -D {} -w -l {} restart && {}", pg_ctl, place,
                                 shell_word(data + ".log"), bkp(model, "wal-setup"));
  commands.full = bkp(model, "full --method base");
  commands.check = bkp(model, "wal-check");
  commands.verify = bkp(model, "verify" + with_identity_of_site(model));
  return commands;
}

}  // namespace bkp::report
