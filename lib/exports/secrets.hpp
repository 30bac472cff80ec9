#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exports/contents.hpp"

namespace bkp::exports {

/// Secrets by the look of them: values of names like "password", "client_secret" or "API_KEY", and
/// texts that are known to be one: private keys (PEM, age), passwords in URLs, access keys of AWS,
/// JSON web tokens, PostgreSQL's password hashes, addresses of Slack's webhooks.

/// What stands in their place.
inline constexpr std::string_view redacted = "[redacted]";

/// "db_password", "SECRET_KEY_BASE", "pgpassword"; not "password_file" or "token_lifetime".
bool names_a_secret(std::string_view name);

/// The text with each secret replaced by `redacted`.
std::string redact_text(std::string_view text);

/// The lines of that text, each with what it stands for in the original, which may be several
/// lines.
std::vector<std::pair<std::string, std::string>> redact_lines(std::string_view text);

/// Replaces what looks like a secret in an entry; in rows, the values of columns whose names say
/// so, and what else looks like one in the others.
void redact(Entry& entry);

/// Where something looks like a secret, without saying it: "env/files/srv/.env, line 3", "users,
/// column password".
std::vector<std::string> find_secrets(const Section& section);

}  // namespace bkp::exports
