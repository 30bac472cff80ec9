#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bkp::util {

/// A process environment as a value: read once at the start, passed on by choice.
class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables)
      : m_variables{std::move(variables)} {}
  /// The environment of this process.
  static Environment of_this_process();

  /// Absent and empty variables are both nullopt.
  std::optional<std::string> get(std::string_view name) const;
  void set(std::string name, std::string value) { m_variables[std::move(name)] = std::move(value); }
  void unset(std::string_view name);
  /// PATH, or the usual directories when it is absent.
  std::string search_path() const;
  const std::map<std::string, std::string>& variables() const { return m_variables; }

  /// What every child gets: search_path(), HOME, USER, LOGNAME, TZ, TMPDIR, libpq's variables that
  /// say where to connect, as whom and how safely (what this process demands of a server, a child
  /// demands too), LC_ALL=C.UTF-8 so that messages can be read and quoted, and nothing else: no
  /// secret.
  Environment for_child() const;

 private:
  std::map<std::string, std::string> m_variables;
};

}  // namespace bkp::util
