#include "physical/backup_manifest.hpp"

#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "stream/hash.hpp"
#include "util/text.hpp"

namespace bkp::physical {

namespace {

/// The bytes of the number in the order they have in memory.
std::string checksum_text(std::uint32_t crc) {
  std::array<std::byte, sizeof crc> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(crc >> 8 * i);
  return util::to_hex(bytes);
}

std::string file_text(const ManifestFile& file) {
  const auto path = util::is_valid_utf8(file.path)
                        ? fmt::format("\"Path\": {}", nlohmann::json(file.path).dump())
                        : fmt::format("\"Encoded-Path\": \"{}\"",
                                      util::to_hex(std::as_bytes(std::span{file.path})));
  return fmt::format(
      "{{ {}, \"Size\": {}, \"Last-Modified\": \"{:%Y-%m-%d %H:%M:%S} GMT\", "
      "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{}\" }}",
      path, file.bytes, fmt::gmtime(std::chrono::system_clock::to_time_t(file.modified)),
      checksum_text(file.crc32c));
}

}  // namespace

std::string to_text(const BackupManifest& manifest) {
  constexpr int first_with_identifier = 170000;
  std::string text = "{ \"PostgreSQL-Backup-Manifest-Version\": ";
  text += manifest.server_version >= first_with_identifier
              ? fmt::format("2,\n\"System-Identifier\": {},\n", manifest.system_identifier)
              : "1,\n";
  text += "\"Files\": [";
  for (std::size_t i = 0; i < manifest.files.size(); ++i)
    text += (i == 0 ? "\n" : ",\n") + file_text(manifest.files[i]);
  text += fmt::format(
      "\n],\n\"WAL-Ranges\": [\n{{ \"Timeline\": {}, \"Start-LSN\": \"{}\", \"End-LSN\": \"{}\" "
      "}}\n],\n",
      manifest.timeline, pg::to_text(manifest.start), pg::to_text(manifest.stop));
  // Of everything before the line it stands on.
  return text + fmt::format("\"Manifest-Checksum\": \"{}\"}}\n", stream::digests_of(text).sha256);
}

}  // namespace bkp::physical
