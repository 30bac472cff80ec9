#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace bkp::seal {

/// A text that held secrets: wiped from memory at its end.
class SecretText {
 public:
  explicit SecretText(std::string text) : m_text{std::move(text)} {}
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  ~SecretText();
  std::string_view text() const { return m_text; }

 private:
  std::string m_text;
};

/// A file with a secret in it: an identity, a signing key, a passphrase. `what` names its kind in
/// messages, `missing_hint` says what to do when there is none. Throws Error{key} for whatever
/// keeps it from being used: absent, unreadable, too large, or open to others
/// (util::require_private).
SecretText read_secret_file(const std::filesystem::path& file, std::string_view what,
                            std::string_view missing_hint);

/// The same of a file that anybody may read.
std::string read_public_file(const std::filesystem::path& file, std::string_view what,
                             std::string_view missing_hint);

}  // namespace bkp::seal
