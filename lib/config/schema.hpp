#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bkp::config {

/// What a key's value must look like. The accepted forms are those of bkp.yaml(5).
enum class Shape {
  text,       ///< a scalar that is not null
  secret,     ///< text, or {env: NAME}, {file: PATH}, {command: [argv]}
  path,       ///< an absolute path
  boolean,    ///< true or false
  integer,    ///< decimal, not negative
  duration,   ///< util::parse_duration
  size,       ///< util::parse_size
  rate,       ///< util::parse_rate
  share,      ///< util::parse_share
  texts,      ///< a list of texts
  paths,      ///< a list of absolute paths
  mapping,    ///< a section; its keys have rules of their own
  mappings,   ///< a list of sections
  selection,  ///< a section or, instead of it, a list of texts (`databases`)
};

enum class Support {
  full,
  later,  ///< the contract has it, this version does not: checked, then listed as unsupported
};

/// One key of the contract. In `path` the elements of a list are "[]": "stores[].retention.daily".
struct KeyRule {
  std::string_view path;
  Shape shape;
  Support support = Support::full;
};

/// Every key there is. The parser, the manual page, the example file and their test go by this.
std::span<const KeyRule> key_rules();

/// The rule of a path, nullptr when there is none.
const KeyRule* find_rule(std::string_view path);

/// The names of the keys directly below a path ("" = the top level), in the contract's order.
std::vector<std::string> keys_below(std::string_view path);

/// The sections that have a key of this name, in words: "compression", "the top level".
std::vector<std::string> sections_with(std::string_view key);

}  // namespace bkp::config
