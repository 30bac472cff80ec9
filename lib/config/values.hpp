#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.hpp"
#include "config/schema.hpp"
#include "config/secret.hpp"

namespace bkp::config {

/// A value of the file: where it stands and what it is called in messages ("stores[0].retention").
struct Value {
  const Document& document;
  YAML::Node node;
  std::string path;
  int line = 0;

  /// Throws Error{config}: "FILE:LINE: PATH MESSAGE".
  [[noreturn]] void fail(std::string_view message, std::string hint) const;
  /// The elements of a list, each named "PATH[N]".
  std::vector<Value> elements() const;
};

/// The readers: each throws Error{config} naming the value and the accepted form.
std::string to_text(const Value& value);
SecretText to_secret(const Value& value);
std::filesystem::path to_path(const Value& value);
bool to_boolean(const Value& value);
std::int64_t to_integer(const Value& value);
std::chrono::seconds to_duration(const Value& value);
std::uint64_t to_size(const Value& value);
std::uint64_t to_rate(const Value& value);
double to_share(const Value& value);
std::vector<std::string> to_texts(const Value& value);
std::vector<std::filesystem::path> to_paths(const Value& value);

/// Reads the value and drops it: for keys that are only checked. Not for mappings.
void check_shape(const Value& value, Shape shape);

}  // namespace bkp::config
