#pragma once

#include <filesystem>
#include <string>

#include "support/site.hpp"

namespace bkp::test {

constexpr auto private_mode =
    std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

/// A site whose server asks the role bkp, a superuser, for a password.
struct GuardedSite : Site {
  explicit GuardedSite(const std::string& password = "right") {
    cluster().psql("postgres", "create role bkp superuser login password '" + password + "'");
    write_text(cluster().data_directory() / "pg_hba.conf",
               "local all bkp scram-sha-256\nlocal all all trust\n");
    cluster().restart();
    config("");
  }
  /// `more` goes into the section `cluster`.
  void config(const std::string& more) const {
    auto text = base_config();
    text.replace(text.find("user=postgres"), 13, "user=bkp");
    write_config(text.insert(text.find("  bin_directory"), more));
  }
  std::filesystem::path password_file(const std::string& name, const std::string& password,
                                      std::filesystem::perms mode) const {
    const auto file = directory() / name;
    write_text(file, "*:*:*:*:" + password + "\n");
    std::filesystem::permissions(file, mode);
    return file;
  }
};

}  // namespace bkp::test
