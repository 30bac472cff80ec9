#pragma once

#include <string_view>

namespace bkp::check {

/// Whether a shell's command looks as if a secret stood in it: what exports/secrets.hpp knows, and
/// the options with which redis-cli, mysql, curl and sshpass take a password. References ($NAME,
/// $(…), `…`) are none.
bool holds_secret(std::string_view command);

}  // namespace bkp::check
