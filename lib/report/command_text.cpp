#include "report/command_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/text.hpp"

namespace bkp::report {

std::string shell_word(std::string_view text) {
  for (const auto line : util::split_lines(text)) {
    if (util::printable(line) != line) return util::shell_quoted(text);
  }
  if (text.find('\n') == text.npos) return util::shell_quoted(text);
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

std::string sql_identifier(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

std::string sql_literal(std::string_view text) {
  // Dollar quotes stay readable inside the shell's single quotes.
  if (text.find('$') == std::string_view::npos) return fmt::format("$${}$$", text);
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result + "'";
}

namespace {

constexpr std::size_t line_width = 80;

/// Where the argument that begins at `begin` ends: before a space or line end outside quotes.
std::size_t end_of_word(std::string_view text, std::size_t begin) {
  char quote = 0;
  bool escapes = false;
  for (auto i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (escapes && c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      escapes = c == '"' || (i > begin && text[i - 1] == '$');
    } else if (c == '\\') {
      ++i;
    } else if (c == ' ' || c == '\n') {
      return i;
    }
  }
  return text.size();
}

/// Columns from the last line end on.
std::size_t column_of(std::string_view text) {
  const auto line = text.substr(text.rfind('\n') + 1);
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// How far the first line of an argument reaches.
std::size_t width_of(std::string_view word) {
  return column_of(word.substr(0, word.find('\n')));
}

/// "-d" takes the next argument with it.
bool holds_next(std::string_view word) {
  return word == "|" || word == "&&" || word == "||" ||
         (word.starts_with('-') && word.find('=') == word.npos && word != "--");
}

std::size_t end_of_group(std::string_view text, std::size_t begin) {
  auto end = end_of_word(text, begin);
  while (holds_next(text.substr(begin, end - begin)) && text.substr(end, 1) == " " &&
         text.substr(end + 1, 2) != "\\\n" && text.substr(end + 1, 2) != "<<") {
    begin = end + 1;
    end = end_of_word(text, begin);
  }
  return end;
}

}  // namespace

std::string wrapped(std::string_view command) {
  std::string result;
  for (std::size_t i = 0; i < command.size();) {
    if (command.substr(i, 2) == "\\\n") {
      result += "\\\n";
      i += 2;
      continue;
    }
    if (command[i] == '\n' || command[i] == ' ') {
      result += command[i++];
      continue;
    }
    const auto end = end_of_group(command, i);
    const auto group = command.substr(i, end - i);
    if (group.starts_with("<<")) return result + std::string{command.substr(i)};
    const auto last = result.find_last_not_of(' ');
    const bool first = last == result.npos || result[last] == '\n';
    // With the mark that would end the line.
    if (!first && column_of(result) + width_of(group) + 2 > line_width) {
      result.erase(last + 1);
      result += " \\\n    ";
    }
    result += group;
    i = end;
  }
  return result;
}

}  // namespace bkp::report
