#include "s3/credentials_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

using Json = nlohmann::json;
using util::Error;
using util::ErrorKind;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The name in a line "[profile NAME]" or "[NAME]"; nullopt in any other.
std::optional<std::string_view> section_of(std::string_view line) {
  if (!line.starts_with('[')) return std::nullopt;
  auto name = trimmed(line.substr(1, line.find(']') - 1));
  constexpr std::string_view word = "profile ";
  if (name.starts_with(word)) name = trimmed(name.substr(word.size()));
  return name;
}

void require_present(const std::string& value, std::string_view name) {
  if (value.empty()) throw Error{ErrorKind::key, fmt::format("{} is missing", name)};
}

Json parsed(std::string_view text) {
  auto document = Json::parse(text, nullptr, false);
  if (!document.is_object()) throw Error{ErrorKind::key, "it is not a JSON object"};
  return document;
}

std::string text_in(const Json& document, const char* name) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return {};
  if (!found->is_string()) throw Error{ErrorKind::key, fmt::format("{} is not a string", name)};
  return found->get<std::string>();
}

Credentials from_json(const Json& document, const char* token_name) {
  Credentials result;
  result.access_key = text_in(document, "AccessKeyId");
  result.secret_key = text_in(document, "SecretAccessKey");
  result.session_token = text_in(document, token_name);
  require_present(result.access_key, "AccessKeyId");
  require_present(result.secret_key, "SecretAccessKey");
  if (const auto expires = text_in(document, "Expiration"); !expires.empty()) {
    try {
      result.expires = util::parse_time(expires);
    } catch (const Error& error) {
      throw Error{ErrorKind::key, "Expiration: " + error.message()};
    }
  }
  return result;
}

}  // namespace

Credentials parse_credentials_file(std::string_view text, std::string_view profile) {
  Credentials result;
  bool here = false;
  bool found = false;
  for (const auto line : util::split_lines(text)) {
    if (line.empty() || std::string_view{"#; \t"}.find(line.front()) != std::string_view::npos)
      continue;
    if (const auto section = section_of(line)) {
      here = *section == profile;
      found = found || here;
      continue;
    }
    const auto equals = line.find('=');
    if (!here || equals == line.npos) continue;
    const auto name = trimmed(line.substr(0, equals));
    const auto value = trimmed(line.substr(equals + 1));
    if (name == "aws_access_key_id") result.access_key = value;
    if (name == "aws_secret_access_key") result.secret_key = value;
    if (name == "aws_session_token") result.session_token = value;
  }
  if (!found) {
    throw Error{ErrorKind::key, fmt::format("there is no profile {}", util::quoted(profile))};
  }
  const auto in = fmt::format(" in profile {}", util::quoted(profile));
  require_present(result.access_key, "aws_access_key_id" + in);
  require_present(result.secret_key, "aws_secret_access_key" + in);
  return result;
}

Credentials parse_process_credentials(std::string_view json) {
  const auto document = parsed(json);
  if (document.value("Version", Json{}) != 1) throw Error{ErrorKind::key, "its Version is not 1"};
  return from_json(document, "SessionToken");
}

Credentials parse_instance_credentials(std::string_view json) {
  const auto document = parsed(json);
  if (const auto code = text_in(document, "Code"); code != "Success") {
    throw Error{ErrorKind::key, fmt::format("its Code is {}", util::quoted(code))};
  }
  return from_json(document, "Token");
}

}  // namespace bkp::s3
