#include "recover/table_loader.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "pg/connection.hpp"
#include "pg/table_data.hpp"
#include "recover/new_database.hpp"
#include "util/error.hpp"
#include "util/first_failure.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

/// What has been read is discarded in pieces of this size.
constexpr std::uint64_t k_discard_size = std::uint64_t{16} << 20U;

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
      : m_context{context}, m_dump{dump}, m_tables{tables} {}

  void run(const pg::Conninfo& target, int jobs) {
    {
      const auto wanted = std::min(static_cast<std::size_t>(std::max(jobs, 1)), m_tables.size());
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < wanted; ++i) threads.emplace_back([&] { work(target); });
    }
    m_failure.rethrow();
  }

 private:
  void work(const pg::Conninfo& target) noexcept {
    try {
      std::optional<pg::Connection> connection;
      while (const auto table = m_dump.take_table(m_tables)) {
        if (m_failure.any()) return;
        if (!connection) {
          connection.emplace(pg::Connection::open(target, m_context.interrupt));
          set_up(*connection, m_dump.entries());
        }
        load(*connection, *table);
      }
    } catch (...) {
      m_failure.keep_current();
    }
  }

  void load(pg::Connection& connection, const TableBlock& table) {
    auto kept_from = table.position;
    pg::TableDataReader data{table.position, m_dump.header().integer_size,
                             [&](std::uint64_t position, std::span<std::byte> space) {
                               if (position - kept_from >= k_discard_size) {
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
  const std::set<int>& m_tables;
  util::FirstFailure m_failure;
};

}  // namespace

bool loadable(DumpFile& dump) {
  const auto& entries = dump.entries();
  return !entries.empty() && dump.header().compression == 0 &&
         std::ranges::none_of(entries, [](const auto& entry) {
           return entry.has_data && entry.description == "TABLE DATA" &&
                  entry.copy_statement.empty();
         });
}

void load_tables(run::Context& context, DumpFile& dump, const pg::Conninfo& target, int jobs,
                 const std::set<int>& tables) {
  Loader{context, dump, tables}.run(target, jobs);
}

}  // namespace bkp::recover
