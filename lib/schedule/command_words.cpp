#include "schedule/command_words.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::schedule {

namespace {

using util::Error;
using util::ErrorKind;

constexpr std::string_view blanks = " \t\n";
// What means something to a shell where it is not quoted: ibid., 2.2.
constexpr std::string_view shell_only = "|&;<>()$`*?[{}!";
// The same at the beginning of a word.
constexpr std::string_view shell_only_at_front = "#~";

/// Reads a command from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) : m_text{text}, m_rest{text} {}

  std::vector<std::string> read() {
    std::vector<std::string> words;
    for (;;) {
      m_rest.remove_prefix(std::min(m_rest.find_first_not_of(blanks), m_rest.size()));
      if (m_rest.empty()) return words;
      words.push_back(read_word());
    }
  }

 private:
  std::string read_word() {
    std::string word;
    while (!m_rest.empty() && blanks.find(m_rest.front()) == blanks.npos) {
      const char c = take();
      if (c == '\'') {
        read_quoted(word);
      } else if (c == '"') {
        read_double_quoted(word);
      } else if (c == '\\') {
        word += take_quoted();
      } else if (shell_only.find(c) != shell_only.npos ||
                 (word.empty() && shell_only_at_front.find(c) != shell_only_at_front.npos)) {
        throw refused(fmt::format("has {} for a shell, and no shell will see it",
                                  util::quoted(std::string_view{&c, 1})),
                      "write the command's own arguments, and quote what is to stay as it is");
      } else {
        word += c;
      }
    }
    return word;
  }

  void read_quoted(std::string& word) {
    while (true) {
      const char c = take_quoted();
      if (c == '\'') return;
      word += c;
    }
  }

  void read_double_quoted(std::string& word) {
    while (true) {
      char c = take_quoted();
      if (c == '"') return;
      // The backslash keeps its meaning before these alone: ibid., 2.2.3.
      constexpr std::string_view escapable = "$`\"\\";
      if (c == '\\' && !m_rest.empty() && escapable.find(m_rest.front()) != escapable.npos) {
        c = take();
      } else if (c == '$' || c == '`') {
        throw refused(fmt::format("has {} for a shell, and no shell will see it",
                                  util::quoted(std::string_view{&c, 1})),
                      "write it between single quotes, or a backslash before it");
      }
      word += c;
    }
  }

  char take() {
    const char c = m_rest.front();
    m_rest.remove_prefix(1);
    return c;
  }

  char take_quoted() {
    if (m_rest.empty()) throw refused("ends inside a quotation", "close it");
    return take();
  }

  Error refused(std::string_view why, std::string hint) const {
    return {ErrorKind::usage, fmt::format("the command {} {}", util::quoted(m_text), why),
            std::move(hint)};
  }

  std::string_view m_text;
  std::string_view m_rest;
};

}  // namespace

std::vector<std::string> words_of_command(std::string_view command) {
  auto words = Reader{command}.read();
  if (!words.empty() && words.front() == "bkp") words.erase(words.begin());
  if (words.empty()) {
    throw Error{ErrorKind::usage, "a schedule's command is empty",
                "write one as on the command line: \"full --method base\""};
  }
  return words;
}

std::string command_of_words(const std::vector<std::string>& words) {
  std::string command;
  for (const auto& word : words) {
    if (!command.empty()) command += ' ';
    const bool plain = !word.empty() && word.find_first_of(blanks) == word.npos &&
                       word.find_first_of(shell_only) == word.npos &&
                       word.find_first_of(shell_only_at_front) != 0 &&
                       word.find_first_of("'\"\\") == word.npos;
    if (plain) {
      command += word;
      continue;
    }
    command += '\'';
    for (const char c : word) command += c == '\'' ? std::string{"'\\''"} : std::string{c};
    command += '\'';
  }
  return command;
}

std::vector<std::string> words_of_schedule(const Schedule& schedule) {
  auto words = words_of_command(schedule.command);
  // Before its own arguments, among which "--" may end the options.
  if (!schedule.retention_policy.is_null())
    words.insert(words.begin() + 1, {"--policy", schedule.retention_policy.dump()});
  if (schedule.destination) words.insert(words.begin() + 1, {"--store", *schedule.destination});
  return words;
}

std::optional<std::string> backup_type_of(std::string_view command_name) {
  if (command_name == "full" || command_name == "consolidate") return "full";
  if (command_name == "incr") return "incremental";
  return std::nullopt;
}

}  // namespace bkp::schedule
