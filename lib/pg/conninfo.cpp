#include "pg/conninfo.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include <fmt/format.h>

#include "pg/libpq.hpp"
#include "pg/libpq_text.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::pg {

namespace {

using util::Error;
using util::ErrorKind;

struct OptionsDeleter {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

// What libpq marks with dispchar "*", in this and in newer versions.
constexpr std::array<std::string_view, 5> secret_keywords{
    "password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"};

bool is_secret(std::string_view keyword) {
  return std::ranges::find(secret_keywords, keyword) != secret_keywords.end();
}

// libpq's message can repeat any part of the text, and so of a password: only its gist goes on.
std::string_view gist(std::string_view message) {
  struct Gist {
    std::string_view sign;
    std::string_view meaning;
  };
  static constexpr std::array gists{
      Gist{"missing \"=\"", "a word in it has no \"=\""},
      Gist{"invalid connection option", "it has a keyword that libpq does not know"},
      Gist{"invalid URI query parameter", "it has a parameter that libpq does not know"},
      Gist{"unterminated", "a quote in it is not closed"},
      Gist{"out of memory", "out of memory"},
      Gist{"URI", "it is no valid URI"},
  };
  for (const auto& [sign, meaning] : gists) {
    if (message.find(sign) != message.npos) return meaning;
  }
  return "it cannot be understood";
}

std::string quoted_value(std::string_view value) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"_-./:@%+,"}.find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!value.empty() && std::ranges::all_of(value, plain)) return std::string{value};
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result += '\'';
}

}  // namespace

Conninfo Conninfo::parse(std::string_view text) {
  constexpr auto hint =
      "write libpq keywords like \"host=/var/run/postgresql user=bkp dbname=bkp\" (values with "
      "spaces in single quotes), or a URI like \"postgresql://bkp@db2/bkp\"";
  if (text.find('\0') != text.npos) {
    throw Error{ErrorKind::config, "invalid connection string: it contains a zero byte", hint};
  }
  char* raw_message = nullptr;
  const std::unique_ptr<PQconninfoOption, OptionsDeleter> options{
      PQconninfoParse(std::string{text}.c_str(), &raw_message)};
  const LibpqText message{raw_message};
  if (!options) {
    throw Error{ErrorKind::config,
                fmt::format("invalid connection string: {}",
                            gist(message ? message.get() : "out of memory")),
                hint};
  }
  Conninfo result;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) result.m_keywords[option->keyword] = option->val;
  }
  return result;
}

Conninfo Conninfo::with(std::string keyword, std::string value) const {
  Conninfo result = *this;
  result.m_keywords[std::move(keyword)] = std::move(value);
  return result;
}

Conninfo Conninfo::with_default(std::string keyword, std::string value) const {
  return get(keyword) ? *this : with(std::move(keyword), std::move(value));
}

std::optional<std::string> Conninfo::get(std::string_view keyword) const {
  const auto found = m_keywords.find(std::string{keyword});
  if (found == m_keywords.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

bool Conninfo::has_secret() const {
  return std::ranges::any_of(secret_keywords,
                             [this](std::string_view keyword) { return get(keyword).has_value(); });
}

std::string Conninfo::to_argument() const {
  std::string result;
  for (const auto& [keyword, value] : m_keywords) {
    if (is_secret(keyword)) continue;
    if (!result.empty()) result += ' ';
    result += keyword + "=" + quoted_value(value);
  }
  return result;
}

std::string Conninfo::describe() const {
  const auto database = get("dbname");
  std::string result =
      database ? "database " + util::quoted(*database) : std::string{"the default database"};
  if (const auto service = get("service")) result += " of service " + util::quoted(*service);
  return result + " on " + describe_server();
}

std::string Conninfo::describe_server() const {
  auto host = get("host");
  if (!host) host = get("hostaddr");
  std::string result = host ? util::printable(*host) : std::string{"the default host"};
  if (const auto port = get("port")) result += ":" + util::printable(*port);
  if (const auto user = get("user")) result += " as " + util::printable(*user);
  return result;
}

void Conninfo::add_password_to(util::Environment& environment) const {
  if (const auto password = get("password")) environment.set("PGPASSWORD", *password);
  if (const auto file = get("passfile")) environment.set("PGPASSFILE", *file);
}

}  // namespace bkp::pg
