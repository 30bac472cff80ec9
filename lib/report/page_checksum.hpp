#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace bkp::report {

/// A page's last line says where it belongs and what it is, so that one that was changed, cut or
/// put in another's place is known:
///   <!-- bkp: KEY sha256:HEX -->
/// HEX is of all that stands before that line; `head -n -1 runbook.html | sha256sum` prints it.

/// The page, a text that ends with a line break, with its last line.
std::string with_checksum(const std::string& page, const store::Key& key);

/// What is wrong with the page stored under `key`, a sentence that names it; nullopt when it is as
/// it was made, or not there. Throws what the store does.
std::optional<std::string> page_damage(store::Store& store, const store::Key& key);

}  // namespace bkp::report
