#include "run/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "catalog/session.hpp"
#include "pg/advisory_lock.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::run {

using util::Error;
using util::ErrorKind;

namespace {

constexpr std::chrono::milliseconds retry_interval{200};

// The server ends the session of a holder that was killed, and so its lock, a moment later.
constexpr std::chrono::seconds session_grace{5};

std::string_view text_of(LockName name) {
  switch (name) {
    case LockName::write:
      return "write";
    case LockName::read:
      return "read";
    case LockName::assets:
      break;
  }
  return "assets";
}

std::int64_t advisory_key(const std::string& site, LockName name) {
  return pg::advisory_key(fmt::format("bkp lock {} {}", site, text_of(name)));
}

}  // namespace

struct SiteLock::State {
  std::filesystem::path path;
  util::Fd file;
  std::optional<pg::Connection> session;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // To close the session is not enough: the server notices when the next run may be there already.
  ~State() {
    try {
      if (session) session->exec("select pg_advisory_unlock_all()");
    } catch (const Error&) {
      // The session's end does it, if somewhat later.
    }
  }
};

namespace {

struct Attempt {
  const Context& context;
  LockName name;
  LockMode mode;
  std::string command;

  std::string holder_here(const std::filesystem::path& path) const {
    try {
      const auto text = util::read_file(path, 4096);
      const auto holder = nlohmann::json::parse(text.value_or(""));
      const auto since = util::parse_time(holder.at("started_at").get<std::string>());
      return fmt::format("pid {} on {} (`bkp {}`) since {}, {} ago", holder.at("pid").get<int>(),
                         holder.at("host").get<std::string>(),
                         holder.at("command").get<std::string>(), util::format_rfc3339(since),
                         util::format_duration(context.clock.now() - since));
    } catch (const std::exception&) {
      // The holder has locked the file and not yet written its name.
      return "another run on this host";
    }
  }

  std::string holder_elsewhere(pg::Connection& session, std::int64_t key) const {
    const auto rows = session.exec(
        "select a.application_name, a.backend_start, extract(epoch from now() - "
        "a.backend_start)::bigint "
        "from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and "
        "l.granted "
        "and l.objsubid = 1 and l.database = (select oid from pg_database where datname = "
        "current_database()) "
        "and ((l.classid::bigint << 32) | l.objid::bigint) = $1::bigint limit 1",
        {std::to_string(key)});
    if (rows.rows() == 0) return "another run";
    return fmt::format("{} since {}, {} ago", rows.text(0, 0), rows.text(0, 1),
                       util::format_duration(std::chrono::seconds{rows.integer(0, 2)}));
  }

  Error locked(const std::string& holder) const {
    return Error{ErrorKind::locked,
                 fmt::format("the {} lock of site {} is held by {}", text_of(name),
                             util::quoted(context.config.site), holder),
                 "wait for it, or let this run wait: --lock-wait 30min"};
  }

  /// Tries until it works or the time is over; `attempt` returns the holder when it did not work.
  void retry(std::chrono::seconds at_least,
             const std::function<std::optional<std::string>()>& attempt) const {
    const auto deadline = context.clock.steady() + std::max(context.lock_wait, at_least);
    for (bool said = false;; said = true) {
      const auto holder = attempt();
      if (!holder) return;
      if (context.clock.steady() >= deadline) throw locked(*holder);
      if (!said) context.log.info("waiting for the {} lock, held by {}", text_of(name), *holder);
      context.interrupt.check();
      context.clock.sleep_for(retry_interval);
    }
  }
};

/// Names the holder in the file. A shared lock has several; the last one to come is named.
void write_holder(int fd, const Context& context, const std::string& command) {
  const nlohmann::json holder = {{"pid", ::getpid()},
                                 {"host", util::host_name()},
                                 {"command", command},
                                 {"started_at", util::format_rfc3339(context.clock.now())}};
  const std::string text = holder.dump() + "\n";
  // The lock itself counts, not its label.
  if (::ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
  }
}

void say_no_session(const Context& context, const Error& error) {
  context.log.debug("no lock against other hosts, the catalog cannot be reached: {}",
                    error.message());
}

std::optional<pg::Connection> open_session(const Context& context, const std::string& command) {
  const auto name =
      fmt::format("bkp {} pid {} on {}", command, ::getpid(), util::host_name()).substr(0, 63);
  try {
    auto session = pg::Connection::open(
        catalog::session_conninfo(context.catalog_conninfo()).with("application_name", name),
        context.interrupt);
    catalog::prepare_session(session, context.config.catalog.schema);
    return session;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) throw;
    say_no_session(context, error);
    return std::nullopt;
  }
}

}  // namespace

SiteLock::SiteLock(const Context& context, LockName name, LockMode mode, const std::string& command)
    : m_state{std::make_unique<State>()} {
  const Attempt attempt{context, name, mode, command};
  const auto directory = context.config.catalog.spool_directory.parent_path() / "lock";
  util::with_context("making the place for locks, beside catalog.spool_directory",
                     [&] { util::make_private_directories(directory); });
  m_state->path = directory / fmt::format("{}.{}.lock", context.config.site, text_of(name));
  m_state->file = util::open_or_make(m_state->path);
  const int operation = mode == LockMode::exclusive ? LOCK_EX : LOCK_SH;
  attempt.retry({}, [&]() -> std::optional<std::string> {
    if (::flock(m_state->file.get(), operation | LOCK_NB) == 0) return std::nullopt;
    if (errno == EWOULDBLOCK || errno == EINTR) return attempt.holder_here(m_state->path);
    throw Error::from_errno(ErrorKind::internal,
                            "cannot lock " + util::quoted(m_state->path.string()), errno);
  });
  write_holder(m_state->file.get(), context, command);

  m_state->session = open_session(context, command);
  if (!m_state->session) return;
  const std::int64_t key = advisory_key(context.config.site, name);
  const auto* function =
      mode == LockMode::exclusive ? "pg_try_advisory_lock" : "pg_try_advisory_lock_shared";
  try {
    attempt.retry(session_grace, [&]() -> std::optional<std::string> {
      const auto got = m_state->session->exec(fmt::format("select {}($1::bigint)", function),
                                              {std::to_string(key)});
      if (got.boolean(0, 0)) return std::nullopt;
      return attempt.holder_elsewhere(*m_state->session, key);
    });
  } catch (const pg::DatabaseError& error) {
    if (!error.connection_lost()) throw;
    m_state->session.reset();
    say_no_session(context, error);
  }
}

SiteLock::~SiteLock() = default;
SiteLock::SiteLock(SiteLock&&) noexcept = default;

}  // namespace bkp::run
