#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bkp::s3 {

/// The percent-encoding that Signature Version 4 prescribes (AWS, "Create a signed AWS API
/// request", UriEncode): all but RFC 3986's unreserved characters, in upper-case hex.
std::string encoded(std::string_view text);

/// The same for an object's key in a path: "/" stays.
std::string encoded_path(std::string_view key);

/// What a listing with encoding-type=url holds; "+" is a blank there. nullopt for a broken escape.
std::optional<std::string> decoded(std::string_view text);

}  // namespace bkp::s3
