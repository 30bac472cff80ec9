#include "cron/field.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::cron {

namespace {

using util::Error;
using util::ErrorKind;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads one field's text from its beginning.
class Reader {
 public:
  Reader(std::string_view text, const FieldRule& rule) : m_text{text}, m_rest{text}, m_rule{rule} {}

  Field read() {
    m_field.star = m_text.starts_with('*');
    do read_element();
    while (take(','));
    if (!m_rest.empty()) throw refused("has something that does not belong there");
    return std::move(m_field);
  }

 private:
  void read_element() {
    if (m_rule.has_last && (take('L') || take('l'))) {
      m_field.last = true;
      return;
    }
    int first = m_rule.lowest;
    int last = m_rule.highest;
    bool range = take('*');
    if (!range) {
      first = last = read_value();
      range = take('-');
      if (range) last = read_value();
    }
    if (last < first)
      throw refused(fmt::format("goes from {} back to {}", first, last),
                    "write it as two ranges, as in \"22-23,0-4\"");
    int step = 1;
    if (take('/')) {
      if (!range)
        throw refused("has a step without a range",
                      fmt::format("write {}-{}/… for every so many from {} on", first,
                                  m_rule.highest, first));
      step = read_number();
      if (step == 0) throw refused("has a step of 0");
    }
    for (int value = first; value <= last; value += step) m_field.values.push_back(value);
  }

  int read_value() {
    const auto length =
        static_cast<std::size_t>(std::ranges::find_if_not(m_rest, is_letter) - m_rest.begin());
    if (length == 0) {
      const int value = read_number();
      if (value < m_rule.lowest || value > m_rule.highest)
        throw refused(
            fmt::format("is from {} to {}, and not {}", m_rule.lowest, m_rule.highest, value));
      return value;
    }
    const auto word = util::lower(m_rest.substr(0, length));
    const auto found = std::ranges::find(m_rule.names, word);
    if (found == m_rule.names.end())
      throw refused(fmt::format("cannot be {}", util::quoted(m_rest.substr(0, length))));
    m_rest.remove_prefix(length);
    return m_rule.lowest + static_cast<int>(found - m_rule.names.begin());
  }

  int read_number() {
    int number = 0;
    const auto [end, failure] =
        std::from_chars(m_rest.data(), m_rest.data() + m_rest.size(), number);
    if (failure != std::errc{} || number < 0) throw refused("lacks a number");
    m_rest.remove_prefix(static_cast<std::size_t>(end - m_rest.data()));
    return number;
  }

  bool take(char c) {
    if (!m_rest.starts_with(c)) return false;
    m_rest.remove_prefix(1);
    return true;
  }

  Error refused(std::string_view why, std::string hint = {}) const {
    return {ErrorKind::usage, fmt::format("the {} {} {}", m_rule.name, util::quoted(m_text), why),
            std::move(hint)};
  }

  std::string_view m_text;
  std::string_view m_rest;
  const FieldRule& m_rule;
  Field m_field;
};

}  // namespace

Field parse_field(std::string_view text, const FieldRule& rule) {
  return Reader{text, rule}.read();
}

}  // namespace bkp::cron
