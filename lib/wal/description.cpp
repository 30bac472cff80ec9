#include "wal/description.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::wal {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

constexpr auto format_name = "bkp-wal";
constexpr int format_version = 1;
constexpr auto signature_key = "signature";

std::string dumped(const json& text) {
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

Error wrong(std::string why, std::string hint = {}) {
  return {ErrorKind::damaged, std::move(why), std::move(hint)};
}

std::string signature_of(const json& text) {
  const auto bytes = util::from_base64(text.at(signature_key).get_ref<const std::string&>(),
                                       util::Base64Padding::present);
  if (!bytes) throw wrong("its signature is no base 64");
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

void require_signature(json text, const seal::TrustedKeys& trusted) {
  if (!text.contains(signature_key)) {
    if (trusted.empty()) return;
    throw wrong("it is not signed, and this site's WAL must be",
                "use the copy on another store; what is older than the signing key was never "
                "signed: remove signing.key_file and signing.trusted_keys to use it without that "
                "proof");
  }
  if (trusted.empty()) {
    throw wrong("it is signed, and no key is given to check that with",
                "name the signer's public key in signing.trusted_keys");
  }
  const auto signature = signature_of(text);
  text.erase(signature_key);
  if (trusted.signer(dumped(text), signature)) return;
  throw wrong("no trusted key has signed it like this",
              "it was changed, or somebody else made it: use the copy on another store; a key that "
              "was in use before belongs into signing.trusted_keys");
}

Description from_json(const json& from) {
  if (from.at("format") != format_name) throw wrong("it is of another kind");
  if (from.at("format_version") != format_version) {
    throw wrong("its format is newer than this bkp", "install a newer bkp");
  }
  Description result;
  from.at("site").get_to(result.site);
  from.at("system_identifier").get_to(result.system_identifier);
  from.at("name").get_to(result.name);
  from.at("original_bytes").get_to(result.original_bytes);
  from.at("original_xxh3").get_to(result.original_xxh3);
  from.at("payload_bytes").get_to(result.payload_bytes);
  from.at("payload_sha256").get_to(result.payload_sha256);
  result.archived_at = util::parse_time(from.at("archived_at").get_ref<const std::string&>());
  from.at("host").get_to(result.host);
  from.at("bkp_version").get_to(result.bkp_version);
  return result;
}

}  // namespace

std::string to_text(const Description& description, const seal::SigningKey* key) {
  json text{{"format", format_name},
            {"format_version", format_version},
            {"site", description.site},
            {"system_identifier", description.system_identifier},
            {"name", description.name},
            {"original_bytes", description.original_bytes},
            {"original_xxh3", description.original_xxh3},
            {"payload_bytes", description.payload_bytes},
            {"payload_sha256", description.payload_sha256},
            {"archived_at", util::format_rfc3339(description.archived_at)},
            {"host", description.host},
            {"bkp_version", description.bkp_version}};
  if (key != nullptr) {
    const auto signature = key->sign(dumped(text));
    text[signature_key] =
        util::to_base64(std::as_bytes(std::span{signature}), util::Base64Padding::present);
  }
  return dumped(text);
}

Description parse_description(std::string_view text, const seal::TrustedKeys& trusted,
                              bool ignore_signatures) {
  try {
    const auto parsed = json::parse(text);
    auto result = from_json(parsed);
    if (!ignore_signatures) require_signature(parsed, trusted);
    return result;
  } catch (const json::exception& error) {
    throw wrong(
        fmt::format("what it says of itself cannot be read: {}", util::printable(error.what())));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::damaged) throw;
    throw wrong(fmt::format("what it says of itself is wrong: {}", error.message()));
  }
}

}  // namespace bkp::wal
