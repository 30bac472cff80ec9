#include "util/environment.hpp"

#include <unistd.h>
#include <array>

namespace bkp::util {

namespace {

// libpq's documentation, "Environment Variables", without PGPASSWORD (a secret), PGPASSFILE (the
// configuration names one), and those that say what to do rather than where: PGDATABASE, PGAPPNAME,
// PGOPTIONS, PGCLIENTENCODING and the like.
constexpr std::array libpq_variables{"PGHOST",
                                     "PGHOSTADDR",
                                     "PGPORT",
                                     "PGUSER",
                                     "PGSERVICE",
                                     "PGSERVICEFILE",
                                     "PGSYSCONFDIR",
                                     "PGCONNECT_TIMEOUT",
                                     "PGTARGETSESSIONATTRS",
                                     "PGLOADBALANCEHOSTS",
                                     "PGREQUIREAUTH",
                                     "PGREQUIREPEER",
                                     "PGCHANNELBINDING",
                                     "PGSSLMODE",
                                     "PGREQUIRESSL",
                                     "PGSSLNEGOTIATION",
                                     "PGSSLCOMPRESSION",
                                     "PGSSLCERT",
                                     "PGSSLKEY",
                                     "PGSSLCERTMODE",
                                     "PGSSLROOTCERT",
                                     "PGSSLCRL",
                                     "PGSSLCRLDIR",
                                     "PGSSLSNI",
                                     "PGSSLMINPROTOCOLVERSION",
                                     "PGSSLMAXPROTOCOLVERSION",
                                     "PGMINPROTOCOLVERSION",
                                     "PGMAXPROTOCOLVERSION",
                                     "PGGSSENCMODE",
                                     "PGGSSLIB",
                                     "PGGSSDELEGATION",
                                     "PGKRBSRVNAME"};

}  // namespace

Environment Environment::of_this_process() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0) continue;
    result.set(std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)});
  }
  return result;
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = m_variables.find(std::string{name});
  if (found == m_variables.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

void Environment::unset(std::string_view name) {
  m_variables.erase(std::string{name});
}

std::string Environment::search_path() const {
  return get("PATH").value_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

Environment Environment::for_child() const {
  Environment child;
  for (const char* name : {"HOME", "USER", "LOGNAME", "TZ", "TMPDIR"}) {
    if (auto value = get(name)) child.set(name, *value);
  }
  for (const char* name : libpq_variables) {
    if (auto value = get(name)) child.set(name, *value);
  }
  child.set("PATH", search_path());
  child.set("LC_ALL", "C.UTF-8");
  return child;
}

}  // namespace bkp::util
