#pragma once

#include <string>
#include <string_view>

#include "store/key.hpp"
#include "util/clock.hpp"

namespace bkp::backup {

/// Where things stand in a store; see "Store and keys" in the README's format section.
///   SITE/site.json
///   SITE/backups/LABEL/manifest.json        the commit point
///   SITE/backups/LABEL/manifest.json.sig    its signature, where the site signs
///   SITE/backups/LABEL/dump.pgc.zst …       parts
///   SITE/backups/LABEL/marks/…              what happened to it later: see marks.hpp
///   SITE/runbook/runbook.html
class Layout {
 public:
  explicit Layout(std::string site);
  const std::string& site() const { return m_site; }
  store::Key root() const;
  store::Key site_file() const;
  store::Key backups() const;
  store::Key backup(std::string_view label) const;
  store::Key part(std::string_view label, std::string_view name) const;
  store::Key manifest(std::string_view label) const;
  /// Of the manifest; see signature.hpp.
  store::Key signature(std::string_view label) const;
  store::Key marks(std::string_view label) const;
  store::Key runbook_directory() const;
  store::Key runbook() const;
  /// "studio/backups/20261121T020000Z-full-x121/manifest.json" → the label; empty if not below
  /// backups/.
  std::string label_of(std::string_view key) const;

 private:
  std::string m_site;
};

/// Whether make_label() could have made it.
bool is_label(std::string_view text);

/// "20261121T020000Z-full-x121": time, kind, and the database's name made harmless ([a-z0-9_-],
/// with a short hash of the real name when anything had to change).
std::string make_label(util::Time time, std::string_view kind, std::string_view database);
/// "20261121T020000Z-base": of the whole cluster.
std::string make_label(util::Time time, std::string_view kind);
/// The time in one; throws Error{usage} when make_label() cannot have made it.
util::Time label_time(std::string_view label);

}  // namespace bkp::backup
