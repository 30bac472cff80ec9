#include "seal/key_file.hpp"

#include <optional>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::seal {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t largest_key_file = std::size_t{1} << 20U;

template <class Read>
std::string content_of(const std::filesystem::path& file, std::string_view what,
                       std::string_view missing_hint, Read&& read) {
  std::optional<std::string> content;
  try {
    content = read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::store) throw;
    throw Error{ErrorKind::key, error.message(), error.hint()};
  }
  if (content) return std::move(*content);
  throw Error{ErrorKind::key, fmt::format("there is no {} {}", what, util::quoted(file.string())),
              std::string{missing_hint}};
}

}  // namespace

SecretText::~SecretText() {
  OPENSSL_cleanse(m_text.data(), m_text.size());
}

SecretText read_secret_file(const std::filesystem::path& file, std::string_view what,
                            std::string_view missing_hint) {
  return SecretText{content_of(file, what, missing_hint, [&] {
    return util::read_private_file(file, what, largest_key_file);
  })};
}

std::string read_public_file(const std::filesystem::path& file, std::string_view what,
                             std::string_view missing_hint) {
  return content_of(file, what, missing_hint,
                    [&] { return util::read_file(file, largest_key_file); });
}

}  // namespace bkp::seal
