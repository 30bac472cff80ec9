#include "recover/table_loader.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/table_data.hpp"
#include "recover/new_database.hpp"
#include "recover/table_queue.hpp"
#include "util/error.hpp"
#include "util/first_failure.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// What the dump's own statements say of text, and what pg_restore sets beside that for data.
void set_up(pg::Connection& connection, const std::vector<pg::ArchiveEntry>& entries) {
  for (const auto& entry : entries) {
    const bool setting = entry.description == "ENCODING" || entry.description == "STDSTRINGS" ||
                         entry.description == "SEARCHPATH";
    if (setting) connection.exec(entry.definition);
  }
  lift_timeouts(connection);
  connection.exec(
      "SET xmloption = content; SET client_min_messages = warning; SET row_security = off");
}

class Loader {
 public:
  Loader(run::Context& context, DumpFile& dump, const std::set<int>& tables)
      : m_context{context}, m_dump{dump}, m_queue{dump.entries(), tables} {}

  void run(const pg::Conninfo& target, std::size_t sessions) {
    {
      std::vector<std::jthread> threads;
      try {
        for (std::size_t i = 0; i < sessions; ++i) start(threads, target);
      } catch (...) {
        fail();
      }
    }
    m_failure.rethrow();
  }

 private:
  void start(std::vector<std::jthread>& threads, const pg::Conninfo& target) {
    try {
      threads.emplace_back([&] { work(target); });
    } catch (const std::system_error& error) {
      throw Error{ErrorKind::refused, fmt::format("cannot start a thread: {}", error.what()),
                  "let this user have more processes (ulimit -u), or give fewer --jobs"};
    }
  }

  /// In a handler: nobody loads or waits any further.
  void fail() noexcept {
    m_failure.keep_current();
    m_dump.wake();
  }

  void work(const pg::Conninfo& target) noexcept {
    try {
      std::optional<pg::Connection> connection;
      while (const auto table = next_table()) {
        if (!connection) {
          connection.emplace(pg::Connection::open(target, m_context.interrupt));
          set_up(*connection, m_dump.entries());
        }
        load(*connection, *table);
      }
    } catch (...) {
      fail();
    }
  }

  std::optional<TableBlock> next_table() {
    std::optional<TableBlock> table;
    m_dump.await_blocks([&](std::span<const pg::ArchiveBlock> begun) {
      if (m_failure.any()) return true;
      m_queue.add(begun.subspan(m_queue.next_block()));
      table = m_queue.take();
      return table || m_queue.empty();
    });
    return table;
  }

  void load(pg::Connection& connection, const TableBlock& table) {
    auto kept_from = table.position;
    pg::TableDataReader data{table.position, m_dump.header().integer_size,
                             [&](std::uint64_t position, std::span<std::byte> space) {
                               if (position - kept_from >= m_dump.flow().discard) {
                                 m_dump.discard(std::exchange(kept_from, position), position);
                               }
                               return m_dump.read(position, space);
                             }};
    const auto name = util::quoted(table.entry->schema + "." + table.entry->tag);
    util::with_context("loading table " + name, [&] {
      connection.copy_in(table.entry->copy_statement, [&] {
        if (m_failure.any()) throw Error{ErrorKind::internal, "another table failed"};
        const auto piece = data.next();
        m_context.progress.advance(piece.size());
        return piece;
      });
    });
  }

  run::Context& m_context;
  DumpFile& m_dump;
  TableQueue m_queue;  ///< in await_blocks() only
  util::FirstFailure m_failure;
};

}  // namespace

bool loadable(DumpFile& dump) {
  const auto& entries = dump.entries();
  return !entries.empty() && dump.header().compression == 0 &&
         std::ranges::none_of(entries, [](const auto& entry) {
           return entry.is_table_data() && entry.copy_statement.empty();
         });
}

void load_tables(run::Context& context, DumpFile& dump, const pg::Conninfo& target, int jobs,
                 const std::set<int>& tables) {
  const auto sessions = std::min(static_cast<std::size_t>(std::max(jobs, 1)), tables.size());
  Loader{context, dump, tables}.run(target, sessions);
}

}  // namespace bkp::recover
