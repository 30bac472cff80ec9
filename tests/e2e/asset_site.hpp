#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "support/site.hpp"
#include "util/files.hpp"

namespace bkp::test {

inline constexpr int files = 40;

inline std::string file_name(int i) {
  return fmt::format("{:02}/final {}.mp4", i % 4, i);
}

inline std::string contents(int i) {
  return fmt::format("video {}", i);
}

/// Database "x121" knows forty files, which are there.
class AssetSite : public Site {
 public:
  explicit AssetSite(const std::string& nightly = "100%", const std::string& yaml = {}) {
    write_config(base_config() + "databases: [x121]\n" + yaml + "assets:\n  - name: finals\n" +
                 "    database: x121\n" +
                 "    sql: select id, path, sha256 from assets where approved\n" +
                 "    root: " + media().string() + "\n    nightly: " + nightly + "\n");
    cluster().create_database("x121");
    cluster().psql("x121",
                   "create table assets (id int primary key, path text, sha256 bytea, approved "
                   "boolean default true)");
    for (int i = 0; i < files; ++i) {
      put(i, contents(i));
      cluster().psql("x121", fmt::format("insert into assets values ({}, '{}', sha256('{}'))", i,
                                         file_name(i), contents(i)));
    }
  }

  std::filesystem::path media() const { return directory() / "media"; }
  std::filesystem::path file(int i) const { return media() / file_name(i); }
  void put(int i, const std::string& text) const {
    std::filesystem::create_directories(file(i).parent_path());
    util::write_file_atomically(file(i), text);
    // Older than the run: what is younger is left to the next one.
    std::filesystem::last_write_time(
        file(i), std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
  }
  nlohmann::json check(std::vector<std::string> more = {}) {
    more.insert(more.begin(), "assets-check");
    const auto answer = Site::json(std::move(more));
    m_exit_code = answer["exit_code"];
    return answer["result"]["assets"].at(0);
  }
  int exit_code() const { return m_exit_code; }
  std::string state_of(int i) {
    return cluster().psql(
        "bkp", fmt::format("select state from bkp.asset_checks where path = '{}'", file_name(i)));
  }

 private:
  int m_exit_code = -1;
};

}  // namespace bkp::test
