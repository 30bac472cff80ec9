#include "drill/shell.hpp"

#include "util/files.hpp"

namespace bkp::drill {

Shell::Shell(run::Context& context, int server_version, const std::filesystem::path& home)
    : m_context{context}, m_environment{context.environment.for_child()} {
  // From libexec/bkp to bin.
  const auto own = util::executable_directory().parent_path().parent_path() / "bin";
  const auto programs = context.tools().find("pg_restore", server_version).parent_path();
  m_environment.set(
      "PATH", own.string() + ":" + programs.string() + ":" + context.environment.search_path());
  if (!context.config.file.empty()) m_environment.set("BKP_CONFIG", context.config.file.string());
  if (const auto own_home = m_environment.get("HOME");
      own_home && !m_environment.get("PGPASSFILE")) {
    const auto passwords = std::filesystem::path{*own_home} / ".pgpass";
    std::error_code unknown;
    if (std::filesystem::exists(passwords, unknown))
      m_environment.set("PGPASSFILE", passwords.string());
  }
  m_environment.set("HOME", home.string());
  context.cluster().add_password_to(m_environment);
}

Shell::Result Shell::run(const std::string& command) const {
  util::Command shell;
  shell.argv = {"bash", "-o", "pipefail", "-c", command};
  shell.environment = m_environment;
  auto finished = m_context.processes.run(std::move(shell));
  return {finished.status, std::move(finished.standard_output), std::move(finished.stderr_tail)};
}

}  // namespace bkp::drill
