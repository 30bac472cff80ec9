#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bkp::store {

/// "file:///srv/back%20up" for /srv/back up (RFC 8089; everything but RFC 3986's unreserved
/// characters and '/' is percent-encoded). `path` must be absolute.
std::string file_url(const std::filesystem::path& path);

/// The path of a file URL: absolute, percent-decoded. Throws Error{config} for a host other than
/// none or "localhost", a relative path, a broken escape, an encoded NUL, a query or a fragment.
std::filesystem::path path_of_file_url(std::string_view url);

/// What stands before "://", in lower case; nullopt when `url` is no URL.
std::optional<std::string> scheme_of(std::string_view url);

}  // namespace bkp::store
