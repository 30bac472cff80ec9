#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "util/environment.hpp"
#include "util/process.hpp"

namespace bkp::config {

/// Whether connection strings are read. The run of a command that talks to no server leaves them
/// out, with the commands that their secrets may name: what they may hold only libpq knows, and
/// loading it takes longer than all the rest of the start.
enum class Connections { read, left_out };

/// Parses and validates a whole file. Throws Error{config}: the message names file, line and key
/// ("/etc/bkp/bkp.yaml:12: unknown key \"retantion\" in stores[0]"), the hint the nearest known key
/// or the accepted form. `name` stands for the file in messages. Secrets ({env}, {file}, {command})
/// in the few strings that are needed as plain values are resolved with the given seams.
Config parse(std::string_view yaml, const std::filesystem::path& name,
             const util::Environment& environment, util::ProcessRunner& processes,
             Connections connections = Connections::read);

/// Reads the file, then parse(). A missing or unreadable file is Error{config}. Error{key}: a file
/// that every user can write (a {command: …} in it would run as this user), and one that holds an
/// inline secret and is not private as in util::require_private. An inline secret is a URL with a
/// password in it; a password in a connection string is refused by parse() anyway, and every other
/// secret has a file of its own.
Config load(const std::filesystem::path& file, const util::Environment& environment,
            util::ProcessRunner& processes, Connections connections = Connections::read);

/// Which file to read: `option`, $BKP_CONFIG, /etc/bkp/bkp.yaml, $XDG_CONFIG_HOME/bkp/bkp.yaml
/// (~/.config where unset). Throws Error{config} naming every place looked at when there is none.
std::filesystem::path find(const std::string& option, const util::Environment& environment);

/// The store that the options --store URL --site NAME describe, for commands that get by without a
/// configuration. Throws Error{usage} naming the option where parse() would refuse the value.
Store store_of_options(std::string_view url, std::string_view site);

/// A retention policy alone, with the keys and defaults of `stores[].retention`: "{daily: 7, last:
/// 3}", or the same as JSON. Throws Error{usage}.
RetentionPolicy parse_retention(std::string_view yaml);

/// The effective settings as commented YAML: `bkp check --explain`. Parses to an equal Config, but
/// for line numbers, the keys without effect, and passwords that came from elsewhere, which are
/// left out.
std::string explain(const Config& config);

}  // namespace bkp::config
