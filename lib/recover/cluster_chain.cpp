#include "recover/cluster_chain.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using catalog::BackupRecord;
using util::Error;
using util::ErrorKind;

namespace {

class Opening {
 public:
  Opening(run::Context& context, const std::vector<BackupRecord>& all, const run::ReadingKeys& keys)
      : m_context{context}, m_all{all}, m_keys{keys} {}

  ClusterChain run(const BackupRecord& backup, const std::string& only_store) {
    ClusterChain chain;
    chain.backups.push_back(sources_of(backup, only_store));
    while (const auto& parent = chain.backups.back().front().manifest().parent) {
      if (chain.backups.size() > m_all.size()) throw broken(chain, "is built on itself");
      chain.backups.push_back(sources_of_parent(chain, *parent, only_store));
    }
    return chain;
  }

 private:
  std::vector<backup::Source> sources_of(const BackupRecord& backup,
                                         const std::string& only_store) {
    std::vector<backup::Source> sources;
    std::optional<Error> failure;
    const backup::Layout layout{m_context.config.site};
    for (const auto& store : backup::stores_with(m_context, backup, only_store)) {
      try {
        sources.push_back(backup::open_source(store, layout, backup, m_keys));
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        m_context.warn(error.full_message());
        failure = error;
      }
    }
    if (sources.empty()) throw Error{*failure};
    return sources;
  }

  std::vector<backup::Source> sources_of_parent(const ClusterChain& chain,
                                                const backup::ParentBackup& parent,
                                                const std::string& only_store) {
    const auto record = std::ranges::find(m_all, parent.label, &BackupRecord::label);
    if (record == m_all.end() || !record->good())
      throw broken(chain, fmt::format("is built on {}, which is gone", parent.label));
    auto sources = sound_sources_of(*record);
    std::stable_partition(sources.begin(), sources.end(),
                          [&](const auto& source) { return source.store.name == only_store; });
    std::erase_if(sources, [&](const auto& source) {
      return source.backup.manifest_sha256 != parent.manifest_sha256;
    });
    if (sources.empty()) {
      throw broken(chain,
                   fmt::format("is built on {}, and what has that name now is another backup",
                               parent.label));
    }
    return sources;
  }

  std::vector<backup::Source> sound_sources_of(const BackupRecord& parent) {
    try {
      return sources_of(parent, {});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::damaged) throw;
      throw DamagedBelow{error, parent.label};
    }
  }

  static Error broken(const ClusterChain& chain, std::string_view why) {
    return {ErrorKind::damaged,
            fmt::format("{} {}", chain.backups.back().front().manifest().label, why),
            "use another backup: `bkp list` shows them; `bkp full --method base` begins a new "
            "chain"};
  }

  run::Context& m_context;
  const std::vector<BackupRecord>& m_all;
  const run::ReadingKeys& m_keys;
};

template <class Of>
std::uint64_t sum(const ClusterChain& chain, Of of) {
  std::uint64_t total = 0;
  for (const auto& sources : chain.backups) total += (sources.front().manifest().*of)();
  return total;
}

}  // namespace

void ClusterChain::require_keys() const {
  for (const auto& sources : backups) {
    const auto& source = sources.front();
    if (!source.manifest().sealed() || !source.keys.identities.empty()) continue;
    throw Error{ErrorKind::key,
                fmt::format("{} is sealed, and there is no identity here to open it with",
                            source.manifest().label),
                "name the identity's file: --identity FILE, or encryption.identity_files in the "
                "configuration"};
  }
}

std::uint64_t ClusterChain::stored_bytes() const {
  return sum(*this, &backup::Manifest::size_bytes);
}

std::uint64_t ClusterChain::original_bytes() const {
  return sum(*this, &backup::Manifest::original_bytes);
}

std::uint64_t ClusterChain::cluster_bytes() const {
  const auto said = manifest().physical->cluster_bytes;
  return said > 0 ? said : manifest().original_bytes();
}

ClusterChain open_chain(run::Context& context, const BackupRecord& backup,
                        const std::vector<BackupRecord>& all, const std::string& only_store,
                        const run::ReadingKeys& keys) {
  return Opening{context, all, keys}.run(backup, only_store);
}

}  // namespace bkp::recover
