#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "seal/primitives.hpp"

namespace bkp::seal {

/// The head of an age file, version 1 (C2SP, age-encryption.org/v1, "The header"): a line of
/// intent, for each recipient a *stanza* that holds the file's key sealed for it, and a MAC over
/// all of that with the file's key. Text of lines, base 64 without padding, 64 columns a line.

using FileKey = Secret<16>;

struct Stanza {
  std::string type;  ///< "X25519", "scrypt", or one that others understand
  std::vector<std::string> arguments;
  std::vector<std::byte> body;
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string authenticated;  ///< what the MAC is of
  Digest32 mac{};
};

inline constexpr std::string_view intent = "age-encryption.org/v1\n";

/// From the line of intent to the end of the MAC's line.
std::string header_text(const std::vector<Stanza>& stanzas, const FileKey& file_key);

/// Where the header of a file that begins like this ends, behind its MAC's line; nullopt while it
/// does not.
std::optional<std::size_t> end_of_header(std::string_view text);

/// `text` is what header_text() returned, or pretends to be. Throws Error{damaged}.
Header parse_header(std::string_view text);

/// Throws Error{damaged} unless the header is as its maker left it.
void require_authentic(const Header& header, const FileKey& file_key);

}  // namespace bkp::seal
