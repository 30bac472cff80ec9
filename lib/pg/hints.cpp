#include "pg/hints.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::pg {

namespace {

struct StateHint {
  std::string_view sqlstate;  // five characters, or a class of two
  std::string_view hint;
};

constexpr std::array state_hints{
    StateHint{"28P01",
              "check the password file (one line host:port:database:user:password, mode 0600) and "
              "password_file in the configuration"},
    StateHint{"28", "create the role, or allow it in pg_hba.conf of that server and reload it"},
    StateHint{"3D000",
              "check the database's name with `psql -l`; `bkp init` creates the catalog's"},
    StateHint{"53300",
              "too many clients: raise max_connections, or lower limits.connections in the "
              "configuration"},
    StateHint{"53100", "the server's disk is full: free some space there"},
    StateHint{"57P03", "the server is starting up or shutting down; try again in a moment"},
    StateHint{"57P01", "the server or this session was shut down by an administrator; try again"},
    StateHint{"57014", "the statement was cancelled, by an administrator or statement_timeout"},
    StateHint{"42501", "grant the role what it needs; README, \"Roles and grants\", has the list"},
    StateHint{"25006", "this server is read-only, perhaps a standby: connect to the primary"},
    StateHint{"55P03", "somebody else holds the lock; try again when they are done"},
    StateHint{"40", "a conflict with another session; try again"},
};

bool is_state_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

// ":  3D000: " begins here?
bool is_state_at(std::string_view message, std::size_t colon) {
  constexpr std::string_view frame = ":  .....: ";
  if (message.size() - colon < frame.size()) return false;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const char c = message[colon + i];
    if (frame[i] == '.' ? !is_state_character(c) : c != frame[i]) return false;
  }
  return true;
}

std::optional<std::size_t> find_state(std::string_view message) {
  for (auto at = message.find(':'); at != message.npos; at = message.find(':', at + 1)) {
    if (is_state_at(message, at)) return at + 3;
  }
  return std::nullopt;
}

}  // namespace

std::string hint_for(std::string_view sqlstate) {
  const auto found = std::ranges::find_if(state_hints, [&](const StateHint& entry) {
    return !sqlstate.empty() && sqlstate.starts_with(entry.sqlstate);
  });
  return found == state_hints.end() ? std::string{} : std::string{found->hint};
}

std::string hint_for_silence(const Conninfo& conninfo) {
  std::string command = "pg_isready";
  if (const auto host = conninfo.get("host")) command += " -h " + util::shell_quoted(*host);
  if (const auto port = conninfo.get("port")) command += " -p " + util::shell_quoted(*port);
  return fmt::format("is the server running, and are host and port right? `{}` tells", command);
}

std::string sqlstate_in(std::string_view verbose_message) {
  const auto at = find_state(verbose_message);
  return at ? std::string{verbose_message.substr(*at, 5)} : std::string{};
}

std::string tidy_message(std::string_view message) {
  std::string result;
  for (auto line : util::split_lines(message)) {
    if (line.starts_with("LOCATION: ")) continue;
    const auto first = line.find_first_not_of(" \t");
    if (first == line.npos) continue;
    if (!result.empty()) result += ' ';
    line.remove_prefix(first);
    if (const auto state = find_state(line)) {
      const auto severity = line.rfind(' ', *state - 4);
      if (severity != line.npos) result += line.substr(0, severity + 1);
      line.remove_prefix(*state + 7);
    }
    result += line;
  }
  return util::printable(result);
}

}  // namespace bkp::pg
