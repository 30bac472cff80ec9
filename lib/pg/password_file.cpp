#include "pg/password_file.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

namespace bkp::pg {

std::optional<std::filesystem::path> password_file_of(const Conninfo& conninfo,
                                                      const util::Environment& environment) {
  if (conninfo.get("password")) return std::nullopt;
  if (const auto file = conninfo.get("passfile")) return *file;
  if (const auto file = environment.get("PGPASSFILE")) return *file;
  if (const auto home = environment.get("HOME")) return std::filesystem::path{*home} / ".pgpass";
  return std::nullopt;
}

std::optional<std::string> why_passed_over(const std::filesystem::path& password_file) {
  struct stat status {};
  if (::stat(password_file.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) return "it is no plain file";
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return std::nullopt;
  return fmt::format("others may look into it (mode {:04o})", status.st_mode & 07777U);
}

}  // namespace bkp::pg
