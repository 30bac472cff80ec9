#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "run/context.hpp"
#include "store/store.hpp"
#include "util/error.hpp"
#include "util/interrupt.hpp"
#include "wal/source_file.hpp"

namespace bkp::wal {

/// A store that WAL is archived on, opened by the first who asks, on his thread: one that is away
/// keeps nobody waiting for the others. Any thread.
class ArchiveStore {
 public:
  /// `passed_over`: it is to be left alone for now.
  ArchiveStore(const run::Context& context, const config::Store& store, bool required,
               bool passed_over);

  const std::string& name() const { return m_config.name; }
  const std::string& url() const { return m_config.url; }
  bool required() const { return m_required; }
  bool passed_over() const { return m_passed_over; }

  /// Throws Error{store} when it cannot be opened or is no store of the site, Error{refused} when
  /// it is another cluster's; all who ask get the same answer.
  store::Store& open(const SourceCluster& cluster);
  /// It could not be opened.
  bool failed();
  /// Ends what an optional store is at, with Error{interrupted}. For required ones the program's
  /// own interrupt does that.
  void give_up() noexcept;

 private:
  const run::Context& m_context;
  const config::Store& m_config;
  bool m_required;
  bool m_passed_over;
  util::Interrupt m_own;
  std::mutex m_mutex;
  std::unique_ptr<store::Store> m_store;
  std::optional<util::Error> m_failure;
};

}  // namespace bkp::wal
