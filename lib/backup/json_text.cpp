#include "backup/json_text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

nlohmann::json text_to_json(std::string_view text) {
  if (util::is_valid_utf8(text)) return text;
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return {{"base64", encoded}};
}

std::string text_from_json(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  const auto encoded = json.at("base64").get<std::string>();
  std::string text(encoded.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(encoded.data()),
                                     static_cast<int>(encoded.size()));
  if (length < 0)
    throw util::Error{util::ErrorKind::damaged, "a base64 text in the manifest is not valid"};
  // EVP_DecodeBlock counts the padding as bytes.
  const std::size_t padding = encoded.ends_with("==") ? 2 : encoded.ends_with("=") ? 1 : 0;
  text.resize(static_cast<std::size_t>(length) - padding);
  return text;
}

std::uint64_t count_from_json(const nlohmann::json& json, std::uint64_t most) {
  if (json.is_number_unsigned() && json.get<std::uint64_t>() <= most) {
    return json.get<std::uint64_t>();
  }
  throw util::Error{
      util::ErrorKind::damaged,
      fmt::format("{} where a whole number up to {} should be",
                  json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace), most)};
}

}  // namespace bkp::backup
