#include "exports/archive.hpp"

#include <charconv>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "physical/tar.hpp"

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::exports {

using nlohmann::json;
using nlohmann::ordered_json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto format_name = "bkp-config-export";
constexpr int format_version = 1;
constexpr std::string_view manifest_path = "manifest.json";

Error damaged(std::string_view why) {
  return {ErrorKind::damaged, fmt::format("the configuration export is damaged: {}", why),
          "use another copy or another version: `bkp list --type config`"};
}

ordered_json to_json(const Entry& entry) {
  ordered_json object{{"path", entry.path},
                      {"type", to_text(entry.type)},
                      {"sha256", entry.digest()},
                      {"bytes", entry.contents.size()}};
  if (entry.of_host()) {
    object["origin"] = entry.origin;
    object["mode"] = fmt::format("{:04o}", entry.mode);
    object["owner"] = entry.owner;
    object["group"] = entry.group;
    object["modified"] = util::format_rfc3339(entry.modified);
  }
  return object;
}

ordered_json to_json(const Section& section) {
  auto entries = ordered_json::array();
  for (const auto& entry : section.entries) entries.push_back(to_json(entry));
  return {{"name", section.name},
          {"kind", to_text(section.kind)},
          {"secret", config::to_text(section.secret)},
          {"sha256", section.digest()},
          {"error", section.error.empty() ? ordered_json(nullptr) : ordered_json(section.error)},
          {"notes", section.notes},
          {"entries", entries}};
}

/// The value that `to_text` writes so.
template <class Value>
Value from_text(const std::string& text, std::initializer_list<Value> values) {
  for (const auto value : values) {
    if (to_text(value) == text) return value;
  }
  throw damaged(fmt::format("{} is unknown", util::quoted(text)));
}

unsigned mode_from(const std::string& text) {
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || mode > 07777U)
    throw damaged(fmt::format("{} is no mode of a file", util::quoted(text)));
  return mode;
}

using Files = std::map<std::string, std::string>;

Entry entry_from(const json& from, Files& files) {
  Entry entry;
  entry.path = from.at("path").get<std::string>();
  entry.type =
      from_text(from.at("type").get<std::string>(),
                {EntryType::rows, EntryType::file, EntryType::output, EntryType::directory});
  if (entry.of_host()) {
    entry.origin = from.at("origin").get<std::string>();
    entry.mode = mode_from(from.at("mode").get<std::string>());
    entry.owner = from.at("owner").get<std::string>();
    entry.group = from.at("group").get<std::string>();
    entry.modified = util::parse_time(from.at("modified").get<std::string>());
    const std::filesystem::path origin{entry.origin};
    if (!origin.is_absolute() || origin != origin.lexically_normal() || !origin.has_filename())
      throw damaged(fmt::format("{} is no path of a file", util::quoted(entry.origin)));
  }
  const auto file = files.extract(entry.path);
  if (file.empty()) throw damaged(fmt::format("{} is missing", util::quoted(entry.path)));
  entry.contents = std::move(file.mapped());
  if (entry.digest() != from.at("sha256").get<std::string>()) {
    throw damaged(fmt::format("{} is not what the manifest says it is", util::quoted(entry.path)));
  }
  return entry;
}

Section section_from(const json& from, Files& files) {
  using config::SecretMode;
  Section section;
  section.name = from.at("name").get<std::string>();
  if (section.name.empty() || harmless_name(section.name) != section.name)
    throw damaged(fmt::format("{} is no name of a section", util::quoted(section.name)));
  section.kind = from_text(from.at("kind").get<std::string>(),
                           {SectionKind::sql, SectionKind::tables, SectionKind::files,
                            SectionKind::server, SectionKind::command});
  const auto secret = from.at("secret").get<std::string>();
  for (const auto mode : {SecretMode::keep, SecretMode::seal, SecretMode::redact}) {
    if (config::to_text(mode) == secret) section.secret = mode;
  }
  if (const auto& error = from.at("error"); !error.is_null())
    section.error = error.get<std::string>();
  section.notes = from.at("notes").get<std::vector<std::string>>();
  for (const auto& entry : from.at("entries")) section.entries.push_back(entry_from(entry, files));
  if (section.digest() != from.at("sha256").get<std::string>()) {
    throw damaged(
        fmt::format("section {} is not what the manifest says it is", util::quoted(section.name)));
  }
  return section;
}

Contents contents_from(const json& from, Files& files) {
  if (from.at("format") != format_name) throw damaged("it has another format");
  if (from.at("format_version").get<int>() > format_version) {
    throw Error{ErrorKind::damaged, "the configuration export is of a newer format", "update bkp"};
  }
  Contents contents;
  contents.version = from.at("version").get<int>();
  contents.site = from.at("site").get<std::string>();
  contents.host = from.at("host").get<std::string>();
  contents.bkp_version = from.at("bkp_version").get<std::string>();
  contents.catalog_version = from.at("catalog_version").get<int>();
  contents.server_version = from.at("server_version").get<int>();
  contents.collected_at = util::parse_time(from.at("collected_at").get<std::string>());
  for (const auto& section : from.at("sections"))
    contents.sections.push_back(section_from(section, files));
  if (contents.digest() != from.at("sha256").get<std::string>())
    throw damaged("it is not what its manifest says it is");
  return contents;
}

/// Collects one file of the archive.
class FileSink final : public stream::Sink {
 public:
  explicit FileSink(std::string& text) : m_text{text} {}
  void write(std::span<const std::byte> data) override {
    m_text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override {}
  void abort() noexcept override {}

 private:
  std::string& m_text;
};

Files files_of(std::string_view tar) {
  Files files;
  physical::TarReader reader{[&](const physical::TarEntry& entry) {
    return std::make_unique<FileSink>(files[entry.path]);
  }};
  reader.write(std::as_bytes(std::span{tar}));
  reader.finish();
  return files;
}

void write_file(physical::TarWriter& tar, const physical::TarEntry& entry,
                const std::string& text) {
  tar.begin(entry);
  tar.write(std::as_bytes(std::span{text}));
  tar.end();
}

}  // namespace

std::string manifest_text(const Contents& contents) {
  auto sections = ordered_json::array();
  for (const auto& section : contents.sections) sections.push_back(to_json(section));
  const ordered_json manifest{{"format", format_name},
                              {"format_version", format_version},
                              {"version", contents.version},
                              {"site", contents.site},
                              {"host", contents.host},
                              {"bkp_version", contents.bkp_version},
                              {"catalog_version", contents.catalog_version},
                              {"server_version", contents.server_version},
                              {"collected_at", util::format_rfc3339(contents.collected_at)},
                              {"sha256", contents.digest()},
                              {"sections", sections}};
  return manifest.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

void write_archive(const Contents& contents, stream::Sink& sink) {
  physical::TarWriter tar{sink};
  const auto manifest = manifest_text(contents);
  write_file(tar,
             {.path = std::string{manifest_path},
              .bytes = manifest.size(),
              .modified = contents.collected_at},
             manifest);
  for (const auto& section : contents.sections) {
    for (const auto& entry : section.entries) {
      const auto modified = entry.of_host() ? entry.modified : contents.collected_at;
      write_file(tar,
                 {.path = entry.path,
                  .type = entry.type == EntryType::directory ? physical::TarEntry::Type::directory
                                                             : physical::TarEntry::Type::file,
                  .bytes = entry.contents.size(),
                  .mode = entry.mode,
                  .modified = modified},
                 entry.contents);
    }
  }
  tar.finish();
}

Contents read_archive(std::string_view tar) {
  auto files = files_of(tar);
  const auto manifest = files.extract(std::string{manifest_path});
  if (manifest.empty()) throw damaged("it has no manifest.json");
  try {
    auto contents = contents_from(json::parse(manifest.mapped()), files);
    if (!files.empty())
      throw damaged(fmt::format("{} belongs to nothing", util::quoted(files.begin()->first)));
    return contents;
  } catch (const json::exception& error) {
    throw damaged(error.what());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) throw damaged(error.message());
    throw;
  }
}

}  // namespace bkp::exports
