#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace bkp::backup {

/// JSON is UTF-8, PostgreSQL names need not be: valid text becomes a string, anything else
/// {"base64": "…"} (RFC 4648, section 4).
nlohmann::json text_to_json(std::string_view text);
/// The inverse; throws nlohmann::json::exception for any other shape.
std::string text_from_json(const nlohmann::json& json);

/// A whole number from 0 to `most`; throws Error{damaged} for anything else, where the library
/// would convert.
std::uint64_t count_from_json(const nlohmann::json& json,
                              std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

}  // namespace bkp::backup
