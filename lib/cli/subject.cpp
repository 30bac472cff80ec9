#include "cli/subject.hpp"

#include <algorithm>

#include "cli/mask.hpp"
#include "util/text.hpp"

namespace bkp::cli {

namespace {

void add_word(std::string& subject, const std::string& word) {
  subject += " " + util::shell_quoted(mask_secrets(word));
}

void add_options(std::string& subject, const CLI::App& part,
                 const std::vector<const CLI::Option*>& shared) {
  for (const auto* const option : part.get_options()) {
    if (option->count() == 0 || std::ranges::find(shared, option) != shared.end()) continue;
    const bool is_flag = option->get_expected_max() == 0;
    const auto name = option->get_lnames().empty() ? std::string{} : option->get_lnames().front();
    if (is_flag) {
      add_word(subject, "--" + name);
      continue;
    }
    for (const auto& value : option->results()) {
      if (!name.empty()) add_word(subject, "--" + name);
      add_word(subject, value);
    }
  }
}

}  // namespace

std::string subject_of(const CLI::App& app, std::string_view command,
                       const std::vector<const CLI::Option*>& shared) {
  std::string subject{command};
  add_options(subject, app, shared);
  // Groups of options are such parts.
  for (const auto* const group : app.get_subcommands([](const CLI::App*) { return true; }))
    add_options(subject, *group, shared);
  return subject;
}

}  // namespace bkp::cli
