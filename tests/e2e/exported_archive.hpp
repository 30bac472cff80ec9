#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "support/exporting_site.hpp"

namespace bkp::test {

/// The archive of an export, as stock tools read it.
class ExportedArchive {
 public:
  ExportedArchive(const ExportingSite& site, const std::string& label) {
    std::filesystem::create_directories(m_directory.path());
    const auto part = site.store() / "studio/backups" / label / "config.tar.zst";
    output_of(Program{{"sh", "-c", "zstd -dc \"$1\" | tar -x -p -C \"$2\"", "sh", part.string(),
                       m_directory.path().string()}});
  }

  std::filesystem::path operator/(const std::string& path) const { return m_directory / path; }
  nlohmann::json read_json(const std::string& path) const {
    return nlohmann::json::parse(read_text(*this / path));
  }

 private:
  TemporaryDirectory m_directory;
};

inline std::string newest_label(const ExportingSite& site) {
  return site.json({"list", "--type", "config"})["result"]["backups"].at(0)["label"];
}

}  // namespace bkp::test
