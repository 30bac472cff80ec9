#include "wal/waiting.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "run/keys.hpp"
#include "util/error.hpp"
#include "util/text.hpp"
#include "util/units.hpp"
#include "wal/bringing.hpp"
#include "wal/decoding.hpp"
#include "wal/inventory.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

/// Between two looks: a server that is not behind has archived its segment in a moment.
constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds longest_pause{500};
constexpr std::chrono::seconds silence{10};

class Wait {
 public:
  Wait(run::Context& context, std::chrono::seconds patience)
      : m_context{context},
        m_site{context.config.site},
        m_keys{{}, run::reading_keys(context.config).trusted, false},
        m_deadline{context.clock.steady() + patience},
        m_patience{patience} {}

  void for_segment(const run::NamedStore& store, const std::string& segment) {
    const auto began = m_context.clock.steady();
    bool said = false;
    auto pause = first_pause;
    while (!is_there(store, segment)) {
      if (m_context.clock.steady() >= m_deadline) {
        throw Error{ErrorKind::partial,
                    fmt::format("{} is not on store {} after {}", segment, util::quoted(store.name),
                                util::format_duration(m_patience)),
                    "the backup cannot become consistent without it. Is archiving at work? `bkp "
                    "wal-check` says; on a standby it is the primary that must archive it"};
      }
      if (!said && m_context.clock.steady() - began >= silence) {
        said = true;
        m_context.log.info("waiting for the server to archive {} to store {}", segment,
                           util::quoted(store.name));
      }
      m_context.interrupt.check();
      m_context.clock.sleep_for(pause);
      pause = std::min(2 * pause, longest_pause);
    }
  }

  void bring_to(const run::NamedStore& store, const run::NamedStore& from,
                const std::string& segment) {
    try {
      if (is_there(store, segment)) return;
      if (const auto name = find_archived(*from.store, m_site, segment))
        bring(*from.store, *store.store, m_site, *name, m_keys);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      // The server's own push was quicker.
      if (came_meanwhile(store, segment)) return;
      m_context.warn(fmt::format("the backup's WAL {} is not on store {}: {}", segment,
                                 util::quoted(store.name), error.full_message()));
    }
  }

 private:
  bool came_meanwhile(const run::NamedStore& store, const std::string& segment) const {
    try {
      return is_there(store, segment);
    } catch (const Error&) {
      return false;
    }
  }

  bool is_there(const run::NamedStore& store, const std::string& segment) const {
    const auto name = find_archived(*store.store, m_site, segment);
    return name && check_stored(*store.store, m_site, *name, m_keys);
  }

  run::Context& m_context;
  const std::string& m_site;
  ArchiveKeys m_keys;
  std::chrono::steady_clock::time_point m_deadline;
  std::chrono::seconds m_patience;
};

}  // namespace

void wait_for_segments(run::Context& context, const std::vector<run::NamedStore>& stores,
                       const std::vector<std::string>& segments, std::chrono::seconds patience) {
  Wait wait{context, patience};
  std::vector<const run::NamedStore*> needed;
  for (const auto& store : stores) {
    if (store.required) needed.push_back(&store);
  }
  if (needed.empty()) needed.push_back(&stores.front());
  for (const auto* store : needed) {
    for (const auto& segment : segments) wait.for_segment(*store, segment);
  }
  for (const auto& store : stores) {
    if (std::ranges::find(needed, &store) != needed.end()) continue;
    for (const auto& segment : segments) wait.bring_to(store, *needed.front(), segment);
  }
}

}  // namespace bkp::wal
