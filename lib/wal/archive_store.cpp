#include "wal/archive_store.hpp"

#include <csignal>

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "backup/site_file.hpp"
#include "run/stores.hpp"
#include "util/text.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

void require_cluster(store::Store& store, const std::string& site, const SourceCluster& cluster) {
  const backup::Layout layout{site};
  backup::require_site_file(store, layout, std::to_string(cluster.system_identifier));
  if (!cluster.unproven) return;
  if (!backup::read_site_file(store, layout)->system_identifier.empty()) return;
  throw Error{ErrorKind::refused,
              fmt::format("{} does not say which cluster site {} is of, and there is no data "
                          "directory around the file that could be asked",
                          store.url(), util::quoted(site)),
              "run it in the data directory, as the server does, or set cluster.data_directory"};
}

}  // namespace

ArchiveStore::ArchiveStore(const run::Context& context, const config::Store& store, bool required,
                           bool passed_over)
    : m_context{context}, m_config{store}, m_required{required}, m_passed_over{passed_over} {}

store::Store& ArchiveStore::open(const SourceCluster& cluster) {
  const std::lock_guard lock{m_mutex};
  if (m_failure) throw Error{*m_failure};
  if (m_store) return *m_store;
  try {
    const auto& interrupt = m_required ? m_context.interrupt : m_own;
    auto store = run::open_store(m_config, store::OpenMode::existing,
                                 {m_context.environment, m_context.processes, interrupt});
    require_cluster(*store, m_context.config.site, cluster);
    m_store = std::move(store);
    return *m_store;
  } catch (Error& error) {
    error.add_context(fmt::format("opening store {}", util::quoted(name())));
    m_failure = error;
    throw;
  }
}

bool ArchiveStore::failed() {
  const std::lock_guard lock{m_mutex};
  return m_failure.has_value();
}

void ArchiveStore::give_up() noexcept {
  m_own.request(SIGTERM);
}

}  // namespace bkp::wal
