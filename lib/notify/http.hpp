#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bkp::notify {

/// The URL in a private file: http: or https:, one line. Throws Error{key} for a file that is
/// missing or that others can read, Error{config} for another text.
std::string read_url(const std::filesystem::path& file);
/// Head lines "Name: value" in a private file. Throws likewise.
std::vector<std::string> read_headers(const std::filesystem::path& file);

struct Post {
  std::string url;
  std::string content_type;
  std::string body;
  std::vector<std::string> headers{};
  std::optional<std::filesystem::path> ca_file{};
};

/// Sends it. Throws Error{store} unless the answer is a success (2xx).
void send(const Post& post);

}  // namespace bkp::notify
