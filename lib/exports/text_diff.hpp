#pragma once

#include <string>
#include <string_view>

namespace bkp::exports {

/// The difference of two texts in unified format (as `diff -u` writes it, POSIX.1-2017), lines made
/// printable, without the two lines that name the files; empty where there is none. Of what is no
/// text, and of what is too large to compare line by line, one sentence.
std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace bkp::exports
