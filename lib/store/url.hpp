#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bkp::store {

/// The pieces of a URL, as they stand in it: "s3", "bucket", "/prefix" (RFC 3986: what a store's
/// URL has of it; no query, no fragment). Views into the text that was split.
struct UrlParts {
  std::string_view scheme;
  std::string_view authority;  ///< user, host, port; empty in file:///path
  std::string_view path;       ///< with its "/"; may be empty
};

/// nullopt when there is no "://" with something before it.
std::optional<UrlParts> split_url(std::string_view url);

/// The password in a URL, a view into it. One with a "/" in it, which ought to be percent-encoded
/// and in keys of S3 often is not, is one too. nullopt when there is none.
std::optional<std::string_view> url_password(std::string_view url);

/// The host of a URL without user and port: "mail", "[::1]"; empty when it has none.
std::string_view url_host(std::string_view url);

/// "localhost", 127.0.0.0/8 or [::1].
bool is_loopback(std::string_view host);

/// Everything but RFC 3986's unreserved characters and '/' as %NN.
std::string percent_encoded(std::string_view text);

/// The inverse; nullopt for a broken escape and for an encoded NUL.
std::optional<std::string> percent_decoded(std::string_view text);

/// "file:///srv/back%20up" for /srv/back up (RFC 8089; everything but RFC 3986's unreserved
/// characters and '/' is percent-encoded). `path` must be absolute.
std::string file_url(const std::filesystem::path& path);

/// The path of a file URL: absolute, percent-decoded. Throws Error{config} for a host other than
/// none or "localhost", a relative path, a broken escape, an encoded NUL, a query or a fragment.
std::filesystem::path path_of_file_url(std::string_view url);

/// What stands before "://", in lower case; nullopt when `url` is no URL.
std::optional<std::string> scheme_of(std::string_view url);

}  // namespace bkp::store
