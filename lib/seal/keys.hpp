#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "seal/primitives.hpp"

namespace bkp::seal {

/// The public half of a key: whoever has it can seal, and cannot open. Written "age1…" (Bech32 of
/// the X25519 point; age-encryption.org/v1, "The X25519 recipient type").
class Recipient {
 public:
  explicit Recipient(const Point& point) : m_point{point} {}
  /// Throws Error{key} naming the text, unless it looks like an identity: that is not repeated.
  static Recipient parse(std::string_view text);

  std::string text() const;
  const Point& point() const { return m_point; }
  bool operator==(const Recipient&) const = default;

 private:
  Point m_point;
};

/// The secret half, which opens what was sealed for its recipient. Written "AGE-SECRET-KEY-1…".
class Identity {
 public:
  static Identity generate();
  /// Throws Error{key}; the text is never in the message.
  static Identity parse(std::string_view text);

  /// The secret itself, for a file of mode 0600 and nothing else.
  std::string secret_text() const;
  Recipient recipient() const;
  const Key32& secret() const { return m_secret; }

 private:
  Identity() = default;
  Key32 m_secret;
};

/// Every identity of a file as age-keygen(1) writes it: one a line, lines that start with '#' and
/// empty ones are passed over. Throws Error{key} when the file cannot be read, can be read by
/// others (see util::require_private), or has a line that is none (named by its number) or no
/// identity at all.
std::vector<Identity> read_identity_file(const std::filesystem::path& file);

}  // namespace bkp::seal
