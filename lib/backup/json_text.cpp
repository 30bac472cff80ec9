#include "backup/json_text.hpp"

#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

nlohmann::json text_to_json(std::string_view text) {
  if (util::is_valid_utf8(text)) return text;
  return {
      {"base64", util::to_base64(std::as_bytes(std::span{text}), util::Base64Padding::present)}};
}

std::string text_from_json(const nlohmann::json& json) {
  if (json.is_string()) return json.get<std::string>();
  const auto data = util::from_base64(json.at("base64").get_ref<const std::string&>(),
                                      util::Base64Padding::present);
  if (!data)
    throw util::Error{util::ErrorKind::damaged, "a base64 text in the manifest is not valid"};
  return {reinterpret_cast<const char*>(data->data()), data->size()};
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
