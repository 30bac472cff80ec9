#pragma once

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "fault/fault_site.hpp"
#include "support/faulty_proxy.hpp"
#include "support/http_answers.hpp"
#include "support/remote_stores.hpp"

namespace bkp::test {

/// A site with the stores "local" and "offsite", a bucket, and what `more` adds to them; all are
/// required. The dump of its database "slow" goes to the bucket in two parts.
struct AwaySite : FaultSite {
  std::string bucket = ceph().make_bucket();
  std::filesystem::path secrets = directory() / "s3.ini";
  std::vector<std::string> stores{"local", "offsite"};
  std::string more;

  AwaySite() {
    write_private(secrets, credentials());
    reach(ceph().port());
    must({"init"});
  }

  void add(const std::string& name, const std::string& yaml) {
    stores.push_back(name);
    more += yaml;
    reach(ceph().port());
    must({"init"});
  }

  /// From here on the bucket, or another one, is looked for at this port: that of a proxy.
  void reach(std::uint16_t port, const std::string& in = {}) const {
    auto config = base_config();
    config.insert(config.find("recover:"),
                  bucket_yaml("offsite", in.empty() ? bucket : in,
                              "http://127.0.0.1:" + std::to_string(port), secrets, true) +
                      more);
    write_config(config + "compression: {level: 0}\n");
  }

  /// What the catalog says of the newest backup: "partial: local completed, offsite failed".
  std::string newest() {
    return cluster().psql(
        "bkp",
        "select s.name || ': ' || (select string_agg(c.store || ' ' || c.state, ', ' order by "
        "c.store) from bkp.backup_copies c where c.backup_id = b.id) from bkp.backups b join "
        "bkp.job_statuses s on s.id = b.status_id order by b.id desc limit 1");
  }

  /// What newest() is when all went well, but for one store.
  std::string expected(const std::string& bad = {}) const {
    auto names = stores;
    std::ranges::sort(names);
    std::string text = bad.empty() ? "completed:" : "partial:";
    for (const auto& name : names)
      text += (text.back() == ':' ? " " : ", ") + name + (name == bad ? " failed" : " completed");
    return text;
  }

  /// A run whose copy on the store `bad` failed, as its user sees it: exit 3, a warning that says
  /// why, a row with the same words, and what to do. Returns the label.
  std::string check_partial(const nlohmann::json& report, const std::string& why,
                            const std::string& bad = "offsite") {
    using Catch::Matchers::Contains;
    INFO(report.dump(1));
    CHECK(report.at("exit_code") == 3);
    CHECK(report.at("status") == "partial");
    CHECK_THAT(report.at("warnings").dump(), Contains(bad) && Contains(why));
    REQUIRE(report.at("error").is_object());
    CHECK_THAT(report["error"].at("message").get<std::string>(), Contains(bad));
    CHECK_FALSE(report["error"].at("hint").get<std::string>().empty());
    CHECK(newest() == expected(bad));
    CHECK_THAT(cluster().psql("bkp", "select error_message from bkp.backup_copies where store = '" +
                                         bad + "' order by backup_id desc limit 1"),
               Contains(why));
    return report.at("result").at("backups").at(0).at("label");
  }

  /// The same when full is run now.
  std::string check_partial_now(const std::string& why, const std::string& bad = "offsite") {
    return check_partial(json({"full", "--db", "slow"}), why, bad);
  }

  /// A run that ended well in spite of all.
  void check_unharmed(const nlohmann::json& report) {
    INFO(report.dump(1));
    CHECK(report.at("exit_code") == 0);
    CHECK(report.at("warnings").empty());
    CHECK(newest() == expected());
  }

  /// The trouble is over: the next run writes to all stores and brings the missing copy, and then
  /// each holds the same backups and no remains of others.
  void check_mended(const std::string& missing_copy, const std::string& bad = "offsite") {
    reach(ceph().port());
    const auto report = json({"full", "--db", "slow"});
    check_unharmed(report);
    const auto& copied = report.at("result").at("copied");
    REQUIRE(copied.size() == 1);
    CHECK(copied[0].at("label") == missing_copy);
    CHECK(copied[0].at("to") == bad);
    CHECK(run({"verify", missing_copy, "--level", "checksum", "--store", bad}).succeeded());
    check_equal();
  }

  /// Disk and bucket hold the same objects, and the bucket no unfinished ones.
  void check_equal() const {
    CHECK(bucket_keys("backups/studio/backups/") == files_below(store() / "studio/backups"));
    CHECK(ceph().request("GET", "/" + bucket + "?uploads=").body.find("<Upload>") ==
          std::string::npos);
  }

  /// Keys of the bucket that begin with `prefix`, which is left out. There are at most 1,000.
  std::set<std::string> bucket_keys(const std::string& prefix) const {
    const auto listed = ceph().request("GET", "/" + bucket + "?list-type=2");
    REQUIRE(listed.status == 200);
    REQUIRE(listed.body.find("<IsTruncated>false") != std::string::npos);
    std::set<std::string> keys;
    for (std::size_t at = 0; (at = listed.body.find("<Key>", at)) != std::string::npos; ++at) {
      const auto key = listed.body.substr(at + 5, listed.body.find("</Key>", at) - at - 5);
      if (key.starts_with(prefix)) keys.insert(key.substr(prefix.size()));
    }
    return keys;
  }

  static std::set<std::string> files_below(const std::filesystem::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
      if (entry.is_regular_file()) names.insert(entry.path().lexically_relative(directory));
    }
    return names;
  }
};

}  // namespace bkp::test
