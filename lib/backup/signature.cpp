#include "backup/signature.hpp"

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t largest_signature = 4096;
constexpr auto ignore_hint = "; --ignore-signature goes on without that proof";

UntrustedError refused(const store::Store& store, const store::Key& manifest, std::string_view why,
                       std::string hint) {
  return UntrustedError{Error{
      ErrorKind::damaged,
      fmt::format("{} on {}{}", util::quoted(manifest.text()), store.url(), why), std::move(hint)}};
}

}  // namespace

void require_signature(store::Store& store, const Layout& layout, const std::string& label,
                       std::string_view manifest, const run::ReadingKeys& keys) {
  if (keys.ignore_signatures) return;
  const auto key = layout.manifest(label);
  const auto signature = store::get_text(store, layout.signature(label), largest_signature);
  if (!signature) {
    if (keys.trusted.empty()) return;
    throw refused(store, key, " is not signed, and this site's manifests must be",
                  std::string{"use another backup, or the copy on another store; one that is older "
                              "than the signing key was never signed"} +
                      ignore_hint);
  }
  if (keys.trusted.empty()) {
    throw refused(store, key, " is signed, and no key is given to check that with",
                  std::string{"name the signer's public key: --trusted-key FILE, or "
                              "signing.trusted_keys in the configuration"} +
                      ignore_hint);
  }
  if (keys.trusted.signer(manifest, *signature)) return;
  throw refused(
      store, key, " was not signed like this by any trusted key",
      std::string{"it was changed, or somebody else made it: use the copy on another store; "
                  "a key that was in use before belongs into signing.trusted_keys"} +
          ignore_hint);
}

}  // namespace bkp::backup
