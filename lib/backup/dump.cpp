#include "backup/dump.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "pg/fingerprint.hpp"
#include "stream/rate_limit.hpp"
#include "util/text.hpp"

namespace bkp::backup {

using util::Error;
using util::ErrorKind;

namespace {

/// The server keeps it in an int.
std::string lock_wait_milliseconds(std::chrono::seconds timeout) {
  constexpr std::chrono::seconds longest{std::numeric_limits<std::int32_t>::max() / 1000};
  return std::to_string(std::chrono::milliseconds{std::min(timeout, longest)}.count());
}

/// Behind the rate limit: tells the progress, and ends the dump when the run is to end, slice by
/// slice. Neither waits for all of a piece that takes minutes at a low rate.
class WatchedSink final : public stream::Sink {
 public:
  WatchedSink(stream::Sink& next, const run::Context& context) : m_next{next}, m_context{context} {}
  void write(std::span<const std::byte> data) override {
    m_context.interrupt.check();
    m_next.write(data);
    m_context.progress.advance(data.size());
  }
  void finish() override { m_next.finish(); }
  void abort() noexcept override { m_next.abort(); }

 private:
  stream::Sink& m_next;
  const run::Context& m_context;
};

class DumpRun {
 public:
  DumpRun(const run::Context& context, const DumpJob& job, const Layout& layout,
          const std::string& label, const DatabaseProperties& database, Outcome& outcome)
      : m_context{context}, m_job{job}, m_layout{layout}, m_label{label}, m_outcome{outcome} {
    m_manifest = begin_manifest(context, job, layout, label);
    m_manifest.dump_version = job.dump_version;
    m_manifest.database = database;
  }

  void write_globals() {
    PartWriter writer{m_outcome.targets, m_layout, m_label, "globals.sql", "globals", m_job.format};
    aborting_on_error(writer, [&] {
      writer.write(std::as_bytes(std::span{m_job.globals.sql}));
      writer.finish();
    });
    m_manifest.parts.push_back(writer.part());
    if (!m_job.globals.with_passwords) {
      warn("the globals have no role passwords: this role may not read them; a superuser may");
    }
  }

  void write_dump() {
    // Kept beyond the manifest: that waits for no store that was left behind.
    auto& writer = m_dump_writer.emplace(m_outcome.targets, m_layout, m_label, "dump.pgc", "dump",
                                         m_job.format, slow_store_patience(m_context));
    aborting_on_error(writer, [&] {
      if (m_context.config.full.fingerprint == config::FingerprintMode::none) {
        run_pg_dump(writer);
        m_manifest.fingerprint_missing_reason = "switched off by full.fingerprint";
        return;
      }
      pg::FingerprintSink fingerprint{writer};
      run_pg_dump(fingerprint);
      m_manifest.fingerprint = fingerprint.fingerprint();
      if (const auto& why = fingerprint.unreadable()) {
        m_manifest.fingerprint_missing_reason = *why;
        warn(fmt::format("no fingerprint was taken: {}", *why));
      }
    });
    m_manifest.parts.push_back(writer.part());
  }

  void commit() { backup::commit(m_context, m_job, m_layout, std::move(m_manifest), m_outcome); }

 private:
  /// Aborting the writer collects the failures of its targets before it is gone.
  template <class Body>
  void aborting_on_error(PartWriter& writer, Body&& body) {
    try {
      body();
    } catch (...) {
      writer.abort();
      throw;
    }
  }

  void warn(std::string message) {
    m_manifest.warnings.push_back(message);
    m_outcome.warnings.push_back(std::move(message));
  }

  /// pg_dump itself settles most of what COPY's text depends on (setup_connection in pg_dump.c),
  /// but not these two, which a database or role may have set for itself: the fingerprint would not
  /// match a later reading.
  pg::Conninfo with_settled_text(const pg::Conninfo& conninfo) const {
    constexpr auto settings = "-c timezone=UTC -c bytea_output=hex";
    const auto own = conninfo.get("options");
    return conninfo.with("options", own ? fmt::format("{} {}", *own, settings) : settings);
  }

  util::Command pg_dump_command() const {
    const auto target = with_settled_text(m_job.cluster.with_database(m_manifest.database.name));
    util::Command command;
    command.argv = {m_job.pg_dump.string(), "--format=custom", "--compress=0", "--no-password",
                    "--dbname=" + target.to_argument()};
    if (const auto timeout = m_context.config.full.lock_timeout; timeout.count() > 0) {
      command.argv.push_back("--lock-wait-timeout=" + lock_wait_milliseconds(timeout));
    }
    command.environment = m_context.environment.for_child();
    target.add_password_to(command.environment);
    command.stdout_pipe = true;
    return command;
  }

  /// Drains the pipe, reaps the child, requires success, and only then finishes the chain.
  void run_pg_dump(stream::Sink& sink) {
    WatchedSink watched{sink, m_context};
    stream::RateLimitSink limited{watched, m_context.config.limits.rate, m_context.clock};
    const auto child = m_context.processes.start(pg_dump_command());
    child->read_stdout([&](std::span<const std::byte> piece) { limited.write(piece); });
    const auto status = child->wait();
    if (!status.success()) throw program_failed("pg_dump", status, child->stderr_tail());
    limited.finish();
  }

  const run::Context& m_context;
  const DumpJob& m_job;
  const Layout& m_layout;
  const std::string& m_label;
  Outcome& m_outcome;
  Manifest m_manifest;
  std::optional<PartWriter> m_dump_writer;
};

}  // namespace

Outcome dump_database(const run::Context& context, const DumpJob& job, const Layout& layout,
                      const std::string& label, const DatabaseProperties& database,
                      std::vector<Target> targets) {
  return attempt_backup(context, layout, label, std::move(targets),
                        fmt::format("backing up database {}", util::quoted(database.name)),
                        [&](Outcome& outcome) {
                          DumpRun run{context, job, layout, label, database, outcome};
                          run.write_globals();
                          run.write_dump();
                          run.commit();
                        });
}

}  // namespace bkp::backup
