#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "backup/repository.hpp"
#include "backup/signature.hpp"
#include "backup/site_file.hpp"
#include "check/topics.hpp"
#include "run/keys.hpp"
#include "util/text.hpp"

namespace bkp::check {

namespace {

using util::Error;
using util::ErrorKind;

/// Whose manifests are read: enough to meet every recipient that is still of use.
constexpr std::size_t most_manifests = 100;

/// The recipients of the identity files that can be read.
using Openers = std::map<std::string, std::string>;  // recipient → file

Openers examine_identities(const config::Config& config, Findings& findings) {
  Openers openers;
  for (const auto& file : config.encryption.identity_files) {
    findings.attempt("keys", [&] {
      for (const auto& identity : seal::read_identity_file(file))
        openers.emplace(identity.recipient().text(), file.string());
    });
  }
  return openers;
}

void examine_recipients(const config::Config& config, const Openers& openers, Findings& findings) {
  const auto& recipients = config.encryption.recipients;
  if (recipients.empty()) {
    findings.warning("encryption", "backups are not encrypted",
                     "set encryption.recipients (`bkp key generate`), or keep the stores on "
                     "encrypted file systems, readable by bkp's user only");
    return;
  }
  findings.ok("encryption", fmt::format("backups are sealed for {}", fmt::join(recipients, ", ")));
  const bool opened_here = std::ranges::any_of(
      recipients, [&](const auto& recipient) { return openers.contains(recipient); });
  if (opened_here) return;
  findings.ok("keys", "no identity here opens new backups: restores and drills run where one is");
}

void examine_signing(const config::Config& config, Findings& findings) {
  findings.attempt("keys", [&] {
    const auto signing = run::signing_key(config);
    const auto keys = run::reading_keys(config);
    if (signing) {
      findings.ok("keys", fmt::format("manifests are signed with {}",
                                      util::quoted(config.signing.key_file->string())));
    } else if (!keys.trusted.empty()) {
      findings.warning("keys", "signatures are asked for, and new backups are not signed",
                       "set signing.key_file: unsigned backups are refused by restore and verify");
    }
  });
}

struct Sealed {
  std::size_t backups = 0;
  std::string newest;
};

std::string opener_of(const std::vector<std::string>& recipients, const Openers& openers) {
  for (const auto& recipient : recipients) {
    if (const auto found = openers.find(recipient); found != openers.end()) return found->second;
  }
  return {};
}

/// What manifests are not signed by anybody who is trusted.
struct Untrusted {
  std::size_t backups = 0;
  std::string newest;
};

/// nullopt for a damaged manifest too: verify judges those. One that is not trusted is counted.
std::optional<backup::StoredBackup> read_if_sound(store::Store& store, const backup::Layout& layout,
                                                  const std::string& label,
                                                  const run::ReadingKeys& keys,
                                                  Untrusted& untrusted) {
  try {
    return backup::read_backup(store, layout, label, &keys);
  } catch (const backup::UntrustedError&) {
    if (untrusted.backups++ == 0) untrusted.newest = label;
    auto unchecked = keys;
    unchecked.ignore_signatures = true;
    return read_if_sound(store, layout, label, unchecked, untrusted);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::damaged) throw;
    return std::nullopt;
  }
}

void judge_untrusted(const Untrusted& untrusted, Findings& findings) {
  if (untrusted.backups == 0) return;
  findings.warning(
      "keys",
      fmt::format(
          "no key that is trusted here has signed {} (the newest {}): verify, restore and "
          "copy refuse {}",
          untrusted.backups == 1 ? "1 backup" : fmt::format("{} backups", untrusted.backups),
          util::printable(untrusted.newest), untrusted.backups == 1 ? "it" : "them"),
      "name the public key that was in use then in signing.trusted_keys, beside the present one; "
      "what is older than any key was never signed");
}

/// Key rotation leaves backups that only an older identity opens, or an older key proves.
void examine_manifests(run::Context& context,
                       const std::vector<catalog::BackupRecord>& newest_first,
                       const Openers& openers, Findings& findings) {
  const backup::Layout layout{context.config.site};
  const auto opened = backup::open_stores_of_site(context);
  if (opened.stores.empty()) return;
  const auto keys = run::reading_keys(context.config);
  Untrusted untrusted;
  std::map<std::vector<std::string>, Sealed> by_recipients;
  std::size_t read = 0;
  for (const auto& record : newest_first) {
    if (!record.good() || read == most_manifests) continue;
    ++read;
    const auto stored =
        read_if_sound(*opened.stores.front().store, layout, record.label, keys, untrusted);
    if (!stored || !stored->manifest.sealed()) continue;
    auto& group = by_recipients[stored->manifest.recipients];
    if (group.backups++ == 0) group.newest = record.label;
  }
  judge_untrusted(untrusted, findings);
  for (const auto& [recipients, sealed] : by_recipients) {
    const auto what = fmt::format("{} backup{} (the newest {}) sealed for {}", sealed.backups,
                                  sealed.backups == 1 ? "" : "s", util::printable(sealed.newest),
                                  util::printable(fmt::format("{}", fmt::join(recipients, ", "))));
    if (const auto file = opener_of(recipients, openers); !file.empty()) {
      findings.ok("keys", fmt::format("{} opens {}", util::quoted(file), what));
    } else if (context.config.encryption.identity_files.empty()) {
      findings.ok("keys", what);
    } else {
      findings.warning("keys", fmt::format("no identity here opens {}", what),
                       "keep the identity that does, and name its file in "
                       "encryption.identity_files");
    }
  }
}

}  // namespace

void examine_keys(run::Context& context, Findings& findings) {
  const auto openers = examine_identities(context.config, findings);
  examine_recipients(context.config, openers, findings);
  examine_signing(context.config, findings);
  const auto& encryption = context.config.encryption;
  const auto& signing = context.config.signing;
  if (encryption.recipients.empty() && encryption.identity_files.empty() && !signing.key_file &&
      signing.trusted_keys.empty()) {
    return;
  }
  try {
    examine_manifests(context, backup::list_backups(context, {}), openers, findings);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    findings.warning(
        "keys", "which key opens or proves which backups is not known: " + error.full_message(),
        error.hint());
  }
}

}  // namespace bkp::check
