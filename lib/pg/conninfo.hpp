#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "util/environment.hpp"

namespace bkp::pg {

/// Where and as whom to connect: libpq keywords as a value. Parsed by PQconninfoParse(3), so
/// keyword strings and URIs both work. Source of the keywords: libpq's documentation, "Parameter
/// Key Words".
class Conninfo {
 public:
  Conninfo() = default;
  /// Throws Error{config} on syntax errors; the text is not quoted in the message (it might hold a
  /// password), only what kind of error it is.
  static Conninfo parse(std::string_view text);

  /// A copy with the keyword set. The value is taken as it is: a database named "a=b" or
  /// "postgresql://x" is a name here, never a connection string.
  Conninfo with(std::string keyword, std::string value) const;
  /// The same where the keyword has no value yet.
  Conninfo with_default(std::string keyword, std::string value) const;
  Conninfo with_database(std::string name) const { return with("dbname", std::move(name)); }
  /// An empty value is absent, as it is to libpq.
  std::optional<std::string> get(std::string_view keyword) const;
  const std::map<std::string, std::string>& keywords() const { return m_keywords; }
  /// Holds a password, or another of libpq's secrets.
  bool has_secret() const;

  /// "dbname='it\'s' host=/tmp user=bkp": for a program's --dbname. Never holds a password (nor
  /// another secret, e.g. sslpassword, for which libpq has no other way into a child).
  std::string to_argument() const;
  /// "database \"x121\" on /var/run/postgresql:5432 as bkp": for messages.
  std::string describe() const;
  /// "/var/run/postgresql:5432 as bkp": the same without the database.
  std::string describe_server() const;
  /// Adds PGPASSWORD or PGPASSFILE to a child's environment where this Conninfo holds one.
  void add_password_to(util::Environment& environment) const;

  bool operator==(const Conninfo&) const = default;

 private:
  std::map<std::string, std::string> m_keywords;
};

}  // namespace bkp::pg
