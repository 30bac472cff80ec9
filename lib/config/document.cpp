#include "config/document.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

using util::Error;
using util::ErrorKind;

constexpr int max_depth = 16;  // a mapping can be made to contain itself with an alias

int line_at(std::string_view text, std::size_t offset) {
  return static_cast<int>(
             std::count(text.begin(), text.begin() + static_cast<long>(offset), '\n')) +
         1;
}

std::string_view line_text(std::string_view text, int line) {
  const auto lines = util::split_lines(text);
  const auto index = static_cast<std::size_t>(line - 1);
  return line >= 1 && index < lines.size() ? lines[index] : std::string_view{};
}

bool is_indented_by_tab(std::string_view line) {
  const auto first = line.find_first_not_of(' ');
  return first != line.npos && line[first] == '\t';
}

/// Where the documents of a text begin.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

/// Those of the first two documents. yaml-cpp's LoadAll() is not for this: of a text that begins
/// with "," it makes empty documents until memory ends.
std::vector<YAML::Mark> first_two_starts(const std::string& text) {
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  DocumentStarts starts;
  for (int i = 0; i < 2 && parser.HandleNextDocument(starts); ++i) {
  }
  return starts.marks;
}

}  // namespace

Document::Document(std::string_view text, std::filesystem::path name) : m_name{std::move(name)} {
  if (!util::is_valid_utf8(text)) {
    const auto lines = util::split_lines(text);
    const auto bad = std::ranges::find_if_not(lines, util::is_valid_utf8);
    fail_at(static_cast<int>(bad - lines.begin()) + 1, "this is not valid UTF-8",
            "save the file as UTF-8");
  }
  // yaml-cpp takes some control characters for the end of the file and stops there silently.
  const auto control = std::ranges::find_if(text, [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
  });
  if (control != text.end()) {
    fail_at(line_at(text, static_cast<std::size_t>(control - text.begin())),
            fmt::format("a control character (0x{:02x})", static_cast<unsigned char>(*control)),
            "remove it");
  }
  try {
    const auto starts = first_two_starts(std::string{text});
    if (starts.size() > 1 && starts[0].pos == starts[1].pos) {
      throw YAML::ParserException{starts[0], "nothing begins like this"};
    }
    if (starts.size() > 1) {
      fail_at(starts[1].line + 1, "there is more than one YAML document here",
              "keep one document per file; remove the line \"---\" and what belongs to the other");
    }
    m_root = YAML::Load(std::string{text});
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 0 : error.mark.line + 1;
    const bool tab = is_indented_by_tab(line_text(text, line));
    fail_at(line, fmt::format("this is not valid YAML: {}", error.msg),
            tab ? "indent with spaces; YAML does not allow tabs there"
                : "check indentation, quotes and brackets in this line and the one above it; a "
                  "value with special characters wants quotes");
  }
  if (m_root.IsNull()) {
    fail_at(0, "the file is empty",
            "the smallest configuration has `site` and `stores`, see bkp.yaml(5)");
  }
  if (!m_root.IsMap()) {
    fail(m_root, fmt::format("the file holds {} instead of keys and values", kind_of(m_root)),
         "write lines like `site: studio`, see bkp.yaml(5)");
  }
}

std::string Document::location(int line) const {
  const auto file = util::printable(m_name.string());
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

void Document::fail_at(int line, std::string_view message, std::string hint) const {
  throw Error{ErrorKind::config, fmt::format("{}: {}", location(line), message), std::move(hint)};
}

void Document::fail(const YAML::Node& node, std::string_view message, std::string hint) const {
  fail_at(line_of(node), message, std::move(hint));
}

std::vector<Entry> Document::entries(const YAML::Node& mapping, const std::string& path) const {
  std::vector<Entry> result;
  collect(result, mapping, path, 0);
  return result;
}

void Document::collect(std::vector<Entry>& entries, const YAML::Node& mapping,
                       const std::string& path, int depth) const {
  std::set<std::string> here;
  std::vector<YAML::Node> merged;
  for (const auto& pair : mapping) {
    const YAML::Node key_node = pair.first;
    const auto where = path.empty() ? std::string{"at the top level"} : "in " + path;
    if (!key_node.IsScalar()) {
      fail(key_node, fmt::format("a key {} is {}, not a name", where, kind_of(key_node)),
           "write `name: value`");
    }
    const auto& key = key_node.Scalar();
    if (!here.insert(key).second) {
      fail(key_node, fmt::format("the key {} is given twice {}", util::quoted(key), where),
           "remove one of them");
    }
    if (key == "<<") {
      merged.push_back(pair.second);
    } else if (std::ranges::find(entries, key, &Entry::key) == entries.end()) {
      entries.push_back({key, key_node, pair.second});
    }
  }
  for (const auto& value : merged) add_merged(entries, value, path, depth);
}

// https://yaml.org/type/merge.html: what was there before, or comes first in the list, wins.
void Document::add_merged(std::vector<Entry>& entries, const YAML::Node& value,
                          const std::string& path, int depth) const {
  if (depth >= max_depth) fail(value, "a merged section contains itself", "remove the \"<<\" here");
  if (value.IsMap()) {
    collect(entries, value, path, depth + 1);
  } else if (value.IsSequence()) {
    for (const auto& element : value) add_merged(entries, element, path, depth + 1);
  } else {
    fail(value, fmt::format("\"<<\" wants a section to merge, not {}", kind_of(value)),
         "name an anchor: `<<: *defaults`");
  }
}

int line_of(const YAML::Node& node) {
  const auto mark = node.Mark();
  return mark.is_null() ? 0 : mark.line + 1;
}

int line_of(const Entry& entry) {
  // yaml-cpp puts a missing value where the next thing begins.
  return line_of(entry.value.IsNull() ? entry.key_node : entry.value);
}

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a section";
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

namespace {
bool is_empty_within(const YAML::Node& node, int depth) {
  if (depth > max_depth || node.IsScalar()) return false;
  if (node.IsSequence()) {
    return std::all_of(node.begin(), node.end(),
                       [&](const auto& element) { return is_empty_within(element, depth + 1); });
  }
  if (node.IsMap()) {
    return std::all_of(node.begin(), node.end(),
                       [&](const auto& pair) { return is_empty_within(pair.second, depth + 1); });
  }
  return true;
}
}  // namespace

bool is_empty(const YAML::Node& node) {
  return is_empty_within(node, 0);
}

}  // namespace bkp::config
