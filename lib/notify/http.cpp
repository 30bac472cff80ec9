#include "notify/http.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/easy.hpp"
#include "notify/patience.hpp"
#include "notify/refusal.hpp"
#include "notify/secret_file.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::notify {

using util::Error;
using util::ErrorKind;

namespace {

bool is_unfit(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
}

Error not_a_url(const std::filesystem::path& file) {
  return Error{ErrorKind::config,
               fmt::format("{} does not hold one URL, https://…", util::quoted(file.string())),
               "write the URL into it, and nothing else"};
}

/// What stands in an answer may repeat the URL, so nothing of it is shown.
[[noreturn]] void refuse(long status, const std::string& location) {
  if (status / 100 == 3) {
    const auto to = store::url_host(location);
    throw Error{ErrorKind::store,
                fmt::format("it answers with a redirection ({}){}, which is not followed", status,
                            to.empty() ? "" : fmt::format(" to {}", util::quoted(to))),
                "write the address that it has now into the file"};
  }
  const auto message = fmt::format("it answers with status {}", status);
  if (status == 400 || status == 413 || status == 415 || status == 422) {
    throw Refusal{ErrorKind::store, message,
                  "it does not take messages of this form: see template_file, and its own manual"};
  }
  throw Error{ErrorKind::store, message,
              status == 401 || status == 403 || status == 404 || status == 410
                  ? "the URL in the file is not right, or not valid any more"
                  : "it may be busy or down; see what it says itself"};
}

}  // namespace

std::string read_url(const std::filesystem::path& file) {
  auto text = read_secret(file, "the file with the URL");
  while (!text.empty() && is_unfit(text.back())) text.pop_back();
  const auto scheme = store::scheme_of(text);
  if (!scheme || (*scheme != "https" && *scheme != "http") || std::ranges::any_of(text, is_unfit))
    throw not_a_url(file);
  return text;
}

std::vector<std::string> read_headers(const std::filesystem::path& file) {
  const auto text = read_secret(file, "the file with head lines");
  std::vector<std::string> lines;
  for (const auto line : util::split_lines(text)) {
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == 0 || colon == line.npos || util::printable(line) != line) {
      throw Error{
          ErrorKind::config,
          fmt::format("{} holds a line that is no \"Name: value\"", util::quoted(file.string())),
          "write one on each line: Authorization: Bearer …"};
    }
    lines.emplace_back(line);
  }
  return lines;
}

void send(const Post& post) {
  net::Easy easy{"https,http"};
  easy.set(CURLOPT_URL, post.url);
  easy.set(CURLOPT_POST, 1L);
  easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  easy.set(CURLOPT_POSTFIELDS, post.body);
  easy.set(CURLOPT_USERAGENT, fmt::format("bkp/{}", util::version()));
  easy.set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs is not waited for
  easy.set(CURLOPT_TIMEOUT, static_cast<long>(http_limit.count()));
  if (post.ca_file) easy.set(CURLOPT_CAINFO, post.ca_file->string());
  auto headers = post.headers;
  headers.push_back("Content-Type: " + post.content_type);
  headers.emplace_back("Expect:");
  easy.set_headers(headers);

  std::string location;
  net::Callbacks callbacks;
  callbacks.header = [&](std::string_view line) {
    constexpr std::string_view name = "location:";
    if (util::lower(line.substr(0, name.size())) != name) return;
    line.remove_prefix(name.size());
    while (line.starts_with(' ')) line.remove_prefix(1);
    location = line;
  };
  // The run may have been told to end: that is what there is to say.
  const util::Interrupt undisturbed;
  easy.perform(callbacks, undisturbed);
  const auto status = easy.info(CURLINFO_RESPONSE_CODE);
  if (status / 100 != 2) refuse(status, location);
}

}  // namespace bkp::notify
