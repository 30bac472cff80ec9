#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::config {

namespace {

constexpr auto duration_form = "write a duration like 90s, 15min, 6h, 7d or 6w";
constexpr auto size_form = "write a size like 64KiB, 500MB or 1GiB";
constexpr auto rate_form = "write a rate like 100MiB/s";
constexpr auto share_form = "write a share from 0% to 100%";
constexpr auto integer_form = "write a whole number without sign, unit or quotes";
constexpr auto secret_form =
    "write the text itself, or one of {env: NAME}, {file: /PATH}, {command: [PROGRAM, ARGUMENT]}";

// "!env X" means something elsewhere; taken as the plain text "X" it would be a trap.
void require_known_tag(const Value& value) {
  const auto& tag = value.node.Tag();
  if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
  value.fail(fmt::format("has the tag {}, which has no meaning here", util::quoted(tag)),
             "for a secret kept elsewhere write {env: NAME}, {file: /PATH} or {command: [argv]}");
}

std::string scalar(const Value& value, std::string_view wanted, std::string hint) {
  require_known_tag(value);
  if (value.node.IsNull()) {
    value.fail("has no value", hint + "; or remove the key to have the default");
  }
  if (!value.node.IsScalar()) {
    value.fail(fmt::format("must be {}, not {}", wanted, kind_of(value.node)), std::move(hint));
  }
  return value.node.Scalar();
}

template <class Parser>
auto with_unit(const Value& value, std::string_view wanted, const char* form, Parser parse) {
  const auto text = scalar(value, wanted, form);
  try {
    return parse(text);
  } catch (const util::Error&) {
    value.fail(fmt::format("must be {}, not {}", wanted, util::quoted(text)), form);
  }
}

const YAML::Node& require_list(const Value& value, const char* form) {
  require_known_tag(value);
  if (!value.node.IsSequence()) {
    value.fail(fmt::format("must be a list, not {}", kind_of(value.node)), form);
  }
  return value.node;
}

}  // namespace

void Value::fail(std::string_view message, std::string hint) const {
  document.fail_at(line, fmt::format("{} {}", util::printable(path), message), std::move(hint));
}

std::vector<Value> Value::elements() const {
  std::vector<Value> result;
  for (const YAML::Node& element : node) {
    result.push_back(
        {document, element, fmt::format("{}[{}]", path, result.size()), line_of(element)});
  }
  return result;
}

std::string to_text(const Value& value) {
  return scalar(value, "a text", "write one text");
}

SecretText to_secret(const Value& value) {
  if (!value.node.IsMap()) return {scalar(value, "a text", secret_form)};
  require_known_tag(value);
  const auto entries = value.document.entries(value.node, value.path);
  if (entries.size() != 1) value.fail("must have exactly one source", secret_form);
  const auto& source = entries.front();
  const Value inner{value.document, source.value, value.path + "." + source.key, line_of(source)};
  if (source.key == "env") {
    const auto name = to_text(inner);
    if (name.empty() || name.find('=') != name.npos) {
      inner.fail("is no name of an environment variable", "write a name like BKP_CONNINFO");
    }
    return {SecretText::FromEnvironment{name}};
  }
  if (source.key == "file") return {SecretText::FromFile{to_path(inner)}};
  if (source.key == "command") {
    auto argv = to_texts(inner);
    if (argv.empty() || argv.front().empty()) {
      inner.fail("names no program", "write {command: [PROGRAM, ARGUMENT]}");
    }
    return {SecretText::FromCommand{std::move(argv)}};
  }
  value.document.fail(
      source.key_node,
      fmt::format("unknown key {} in {}", util::quoted(source.key), util::printable(value.path)),
      secret_form);
}

namespace {

// Where a file with a secret is to be named, somebody may have written the secret.
bool may_be_a_secret(std::string_view path) {
  constexpr std::array<std::string_view, 4> endings{"password_file", "url_file", "key_file",
                                                    ".file"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

}  // namespace

std::filesystem::path to_path(const Value& value) {
  const auto text = scalar(value, "an absolute path", "write an absolute path");
  const auto complaint = may_be_a_secret(value.path)
                             ? std::string{"must be an absolute path"}
                             : fmt::format("must be an absolute path, not {}", util::quoted(text));
  if (text.starts_with('~')) {
    value.fail(complaint, "\"~\" is not expanded; write the whole path");
  }
  if (!text.starts_with('/')) {
    value.fail(complaint, "write the whole path, beginning with \"/\"");
  }
  return text;
}

bool to_boolean(const Value& value) {
  const auto text = scalar(value, "true or false", "write true or false");
  if (text != "true" && text != "false") {
    value.fail(fmt::format("must be true or false, not {}", util::quoted(text)),
               "write true or false");
  }
  return text == "true";
}

std::int64_t to_integer(const Value& value) {
  const auto text = scalar(value, "a whole number", integer_form);
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size() || result < 0) {
    value.fail(fmt::format("must be a whole number, not {}", util::quoted(text)), integer_form);
  }
  return result;
}

std::chrono::seconds to_duration(const Value& value) {
  // Nothing is nothing in any unit.
  return with_unit(value, "a duration", duration_form, [](std::string_view text) {
    return text == "0" ? std::chrono::seconds{0} : util::parse_duration(text);
  });
}

std::uint64_t to_size(const Value& value) {
  return with_unit(value, "a size", size_form, util::parse_size);
}

std::uint64_t to_rate(const Value& value) {
  return with_unit(value, "a rate", rate_form, util::parse_rate);
}

double to_share(const Value& value) {
  return with_unit(value, "a share", share_form, util::parse_share);
}

std::vector<std::string> to_texts(const Value& value) {
  require_list(value, "write a list: [a, b], or one \"- a\" a line");
  std::vector<std::string> result;
  for (const auto& element : value.elements()) result.push_back(to_text(element));
  return result;
}

std::vector<std::filesystem::path> to_paths(const Value& value) {
  require_list(value, "write a list of absolute paths: [/a, /b]");
  std::vector<std::filesystem::path> result;
  for (const auto& element : value.elements()) result.push_back(to_path(element));
  return result;
}

void check_shape(const Value& value, Shape shape) {
  switch (shape) {
    case Shape::text:
      to_text(value);
      break;
    case Shape::secret:
      to_secret(value);
      break;
    case Shape::path:
      to_path(value);
      break;
    case Shape::boolean:
      to_boolean(value);
      break;
    case Shape::integer:
      to_integer(value);
      break;
    case Shape::duration:
      to_duration(value);
      break;
    case Shape::size:
      to_size(value);
      break;
    case Shape::rate:
      to_rate(value);
      break;
    case Shape::share:
      to_share(value);
      break;
    case Shape::texts:
      to_texts(value);
      break;
    case Shape::paths:
      to_paths(value);
      break;
    case Shape::mapping:
    case Shape::mappings:
    case Shape::selection:
      break;
  }
}

}  // namespace bkp::config
