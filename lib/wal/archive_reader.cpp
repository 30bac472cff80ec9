#include "wal/archive_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "backup/layout.hpp"
#include "backup/site_file.hpp"
#include "pg/timeline_history.hpp"
#include "pg/wal_name.hpp"
#include "pg/wal_segment_header.hpp"
#include "stream/fd_sink.hpp"
#include "stream/sinks.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "wal/required_store.hpp"
#include "wal/successors.hpp"

namespace bkp::wal {

using util::Error;
using util::ErrorKind;

namespace {

/// A gap whose far side is younger than this may be filled yet: see fetch_or_end().
constexpr std::chrono::minutes young{1};
constexpr std::chrono::seconds segment_look{1};

/// A file that gets its name at the end. What a crash leaves is overwritten the next time.
class NewFile {
 public:
  explicit NewFile(std::filesystem::path destination)
      : m_destination{std::move(destination)},
        m_current{m_destination.string() + ".bkp"},
        m_file{util::open_file(m_current, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW)} {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!m_current.empty()) ::unlink(m_current.c_str());
  }

  int fd() const { return m_file.get(); }
  std::string name() const { return util::quoted(m_current.string()); }
  std::string begin(std::size_t bytes) const {
    std::string text(bytes, '\0');
    text.resize(
        util::read_at(m_file.get(), std::as_writable_bytes(std::span{text}), 0).value_or(0));
    return text;
  }
  void publish() {
    m_file.close(name());
    if (std::rename(m_current.c_str(), m_destination.c_str()) != 0) {
      throw Error::from_errno(ErrorKind::store,
                              "cannot make " + util::quoted(m_destination.string()), errno);
    }
    m_current.clear();
  }

 private:
  std::filesystem::path m_destination;
  std::filesystem::path m_current;
  util::Fd m_file;
};

/// The bytes are those that were archived; are they what the server needs under this name?
void require_right(const NewFile& file, const Description& description, const std::string& name,
                   std::uint64_t system_identifier) {
  const auto identifier = std::to_string(system_identifier);
  if (system_identifier != 0 && description.system_identifier != identifier) {
    throw Error{ErrorKind::damaged,
                fmt::format("the archived {} is of the cluster {}, not of {}", name,
                            description.system_identifier, identifier),
                "does the configuration name the site of this cluster?"};
  }
  const auto kind = pg::parse_wal_name(name, pg::smallest_wal_segment)->kind;
  if (kind == pg::WalFileKind::history) {
    pg::parse_timeline_history(file.begin(description.original_bytes), name);
  } else if (kind != pg::WalFileKind::backup) {
    const auto begin = file.begin(pg::wal_segment_header_size);
    const auto header = pg::read_wal_segment_header(std::as_bytes(std::span{begin}));
    pg::require_wal_segment(header, name, std::stoull(description.system_identifier));
    if (description.original_bytes != header.segment_size) {
      throw Error{ErrorKind::damaged, fmt::format("the archived {} has {} bytes, not {}", name,
                                                  description.original_bytes, header.segment_size)};
    }
  }
}

struct Place {
  explicit Place(const config::Store& wanted) : config{wanted} {}

  const config::Store& config;
  std::mutex mutex;
  std::unique_ptr<store::Store> store;
  std::optional<Error> failure;
};

/// What the stores said of one file.
struct Answers {
  std::vector<Place*> without;  ///< have none
  std::optional<Error> damage;
  std::optional<Error> failure;
};

}  // namespace

struct ArchiveReader::State {
  State(run::Context& the_context, std::uint64_t identifier, const run::ReadingKeys& reading_keys)
      : context{the_context}, system_identifier{identifier}, keys{archive_keys(reading_keys)} {
    for (const auto& store : context.config.stores)
      places.push_back(std::make_unique<Place>(store));
  }

  run::Context& context;
  std::uint64_t system_identifier;
  ArchiveKeys keys;
  std::vector<std::unique_ptr<Place>> places;
  std::mutex warning;

  void warn(const Place& place, const Error& error) {
    const std::lock_guard lock{warning};
    context.warn(
        fmt::format("store {}: {}", util::quoted(place.config.name), error.full_message()));
  }

  store::Store& open(Place& place) {
    const std::lock_guard lock{place.mutex};
    if (place.failure) throw Error{*place.failure};
    if (place.store) return *place.store;
    try {
      auto store = context.open_place(place.config, store::OpenMode::existing);
      backup::require_site_file(*store, backup::Layout{context.config.site},
                                system_identifier == 0 ? "" : std::to_string(system_identifier));
      place.store = std::move(store);
      return *place.store;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) place.failure = error;
      throw;
    }
  }

  /// Without a warning for a store that cannot be opened, which every file would repeat.
  bool fetch_from(Place& place, const std::string& name, const std::filesystem::path& destination) {
    auto& store = open(place);
    const bool seals = !context.config.encryption.recipients.empty();
    for (const auto sealing :
         {seals ? Sealing::age : Sealing::none, seals ? Sealing::none : Sealing::age}) {
      NewFile file{destination};
      stream::FdSink sink{file.fd(), file.name()};
      stream::ObservingSink observed{sink, [this](std::size_t) { context.interrupt.check(); }};
      const auto description =
          fetch_file(store, context.config.site, {name, sealing}, keys, observed);
      if (!description) continue;
      require_right(file, *description, name, system_identifier);
      file.publish();
      return true;
    }
    return false;
  }

  bool fetch(const std::string& name, const std::filesystem::path& destination, Answers& answers) {
    for (auto& place : places) {
      try {
        if (fetch_from(*place, name, destination)) return true;
        answers.without.push_back(place.get());
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        const bool away = error.kind() == ErrorKind::store;
        auto& kept = away ? answers.failure : answers.damage;
        if (!kept) kept = error;
        if (!away) warn(*place, error);
      }
    }
    return false;
  }

  /// For a file that was found nowhere.
  void require_answer(const std::string& name, const Answers& answers) const {
    if (answers.damage) throw Error{*answers.damage};
    if (!answers.failure) return;
    const bool sure = std::ranges::any_of(answers.without, [&](const Place* place) {
      return is_required(context.config, place->config.name);
    });
    if (sure) return;
    auto error = *answers.failure;
    throw error.add_context(
        fmt::format("looking for {}, which no store has that could be asked", name));
  }
};

ArchiveReader::ArchiveReader(run::Context& context, std::uint64_t system_identifier,
                             const run::ReadingKeys& keys)
    : m_state{std::make_unique<State>(context, system_identifier, keys)} {}

ArchiveReader::~ArchiveReader() = default;

bool ArchiveReader::fetch(const std::string& name, const std::filesystem::path& destination) {
  Answers answers;
  if (m_state->fetch(name, destination, answers)) return true;
  m_state->require_answer(name, answers);
  return false;
}

bool ArchiveReader::fetch_or_end(const std::string& name,
                                 const std::filesystem::path& destination) {
  const auto& clock = m_state->context.clock;
  for (;;) {
    Answers answers;
    if (m_state->fetch(name, destination, answers)) return true;
    m_state->require_answer(name, answers);
    std::optional<store::ObjectInfo> successor;
    std::string where;
    for (const auto* place : answers.without) {
      successor = successor_of(*place->store, m_state->context.config.site, name);
      where = place->store->url();
      if (successor) break;
    }
    if (!successor) return false;
    if (clock.now() - successor->modified >= young) {
      throw Error{ErrorKind::damaged,
                  fmt::format("{} is missing from the archive, but {} is on {}: the WAL has a gap",
                              name, util::quoted(successor->key), where),
                  "recovery must not go on as if the archive ended there. Look for the file on the "
                  "old server (pg_wal) or on another store; `bkp wal-check` shows what can be "
                  "reached"};
    }
    m_state->context.interrupt.check();
    clock.sleep_for(segment_look);
  }
}

}  // namespace bkp::wal
