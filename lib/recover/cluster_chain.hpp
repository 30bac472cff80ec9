#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/source.hpp"
#include "catalog/records.hpp"
#include "run/context.hpp"
#include "run/keys.hpp"
#include "util/error.hpp"

namespace bkp::recover {

/// A physical backup with all it is built on.
struct ClusterChain {
  /// Itself first, the full one last; of each the stores where it can be read, the best first.
  std::vector<std::vector<backup::Source>> backups;

  /// Of the backup that is restored.
  const backup::Manifest& manifest() const { return backups.front().front().manifest(); }
  std::uint64_t stored_bytes() const;    ///< that are read to restore it
  std::uint64_t original_bytes() const;  ///< of these, once opened
  std::uint64_t cluster_bytes() const;   ///< of what is restored
  /// Throws Error{key} when something in it is sealed and there is no identity to open it with.
  void require_keys() const;
};

/// A backup that another one is built on is no good: the damage is there, and the other is as it
/// was made.
class DamagedBelow : public util::Error {
 public:
  DamagedBelow(const util::Error& error, std::string label)
      : Error{error}, m_label{std::move(label)} {}
  const std::string& label() const { return m_label; }

 private:
  std::string m_label;
};

/// `all` are those of list_backups(). Stores where one cannot be read are warnings. With
/// `only_store` the backup itself is read there, and what it is built on there first.
/// Throws Error{damaged} when one of the chain is missing or is another than its child was built
/// on: DamagedBelow where it can be looked at.
ClusterChain open_chain(run::Context& context, const catalog::BackupRecord& backup,
                        const std::vector<catalog::BackupRecord>& all,
                        const std::string& only_store, const run::ReadingKeys& keys);

}  // namespace bkp::recover
