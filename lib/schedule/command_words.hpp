#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/schedule.hpp"

namespace bkp::schedule {

/// The words of a schedule's command, "full --method base": quotes and backslashes as in a shell
/// (POSIX.1-2017, Shell Command Language, 2.2), and nothing else of it, because no shell sees it. A
/// first word "bkp" is left out. Throws Error{usage} naming the text: no word, an open quote, what
/// only a shell would do.
std::vector<std::string> words_of_command(std::string_view command);

/// The inverse: words that words_of_command() gives back.
std::string command_of_words(const std::vector<std::string>& words);

/// The words of its command, and what its destination and its policy add to them.
std::vector<std::string> words_of_schedule(const Schedule& schedule);

/// The backup_type of the backups that this command makes.
std::optional<std::string> backup_type_of(std::string_view command_name);

}  // namespace bkp::schedule
