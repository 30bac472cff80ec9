#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pg/conninfo.hpp"
#include "util/error.hpp"
#include "util/interrupt.hpp"

struct pg_conn;
struct pg_result;

namespace bkp::pg {

/// Rows of one statement, text format. Asking for a row or column that is not there is
/// Error{internal}.
class Result {
 public:
  explicit Result(pg_result* result);
  Result(Result&&) noexcept;
  Result& operator=(Result&&) noexcept;
  ~Result();
  int rows() const;
  int columns() const;
  bool is_null(int row, int column) const;
  /// The value as text; empty for NULL.
  std::string_view text(int row, int column) const;
  std::optional<std::string> optional_text(int row, int column) const;
  /// Throws Error{internal} when the value is no integer (NULL included); number() and boolean()
  /// likewise.
  std::int64_t integer(int row, int column) const;
  double number(int row, int column) const;
  bool boolean(int row, int column) const;
  /// What a column is.
  struct Column {
    std::string name;
    std::uint32_t type = 0;   ///< OID
    int modifier = -1;        ///< of the type
    std::uint32_t table = 0;  ///< OID of the table it is a column of; 0: of none
    int attribute = 0;        ///< its number there
  };
  Column column(int column) const;
  /// The first column of the first row.
  std::string_view single() const;
  /// Rows touched by INSERT, UPDATE, DELETE.
  std::int64_t affected() const;

 private:
  friend class Connection;
  void require(int row, int column) const;
  struct Deleter {
    void operator()(pg_result*) const noexcept;
  };
  std::unique_ptr<pg_result, Deleter> m_result;
};

using Parameter = std::optional<std::string>;

/// Why a statement failed, beside the Error's text.
class DatabaseError : public util::Error {
 public:
  DatabaseError(std::string message, std::string hint, std::string sqlstate, bool connection_lost)
      : Error{util::ErrorKind::database, std::move(message), std::move(hint)},
        m_sqlstate{std::move(sqlstate)},
        m_connection_lost{connection_lost} {}
  const std::string& sqlstate() const { return m_sqlstate; }
  /// The server is gone (or never answered), rather than having said no.
  bool connection_lost() const { return m_connection_lost; }
  /// It tells of the server and says nothing about the statement: lost, full, shut down, cancelled.
  bool of_server() const;

 private:
  std::string m_sqlstate;
  bool m_connection_lost;
};

/// One session. Every wait ends when `interrupt` is requested: the running statement is cancelled
/// (PQcancel, for 5 s at most) and Error{interrupted} thrown, and so is every later call; what must
/// still be done then (dropping a scratch database) needs a session with an Interrupt of its own.
/// Notices of the server are not shown. Once the server is gone, every call throws with
/// connection_lost(). Not for concurrent use; move-only. `interrupt` must outlive it.
class Connection {
 public:
  /// application_name is "bkp" unless the conninfo says otherwise; connect_timeout 10 s likewise,
  /// for all hosts together; TCP keepalives notice a dead peer within a minute. Throws
  /// DatabaseError with a hint (server down, no such role, password, …); its sqlstate() is set
  /// where the server said no ("3D000": no such database).
  static Connection open(const Conninfo& conninfo, const util::Interrupt& interrupt);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// One or, without parameters, several statements; the last result. Throws DatabaseError. COPY is
  /// not for this: Error{internal}.
  Result exec(const std::string& sql, std::span<const Parameter> parameters = {});
  Result exec(const std::string& sql, std::initializer_list<Parameter> parameters);

  /// Runs `COPY … TO STDOUT`; each piece is one row with its line end (libpq's unit), valid in the
  /// call. What `consume` throws cancels the statement and is passed on.
  void copy_out(const std::string& sql, const std::function<void(std::string_view row)>& consume);
  /// Runs `COPY … FROM STDIN` with what `next` gives, pieces of any size (libpq's limit is 1 GiB)
  /// until one is empty; each is valid until the next call. What `next` throws cancels the
  /// statement and is passed on. Of a refusal libpq takes no notice before the end; the error names
  /// the table and the row.
  void copy_in(const std::string& sql, const std::function<std::string_view()>& next);
  /// What a replication command that answers with rows and COPY streams in turn is heard by.
  struct Answers {
    std::function<void(const Result& rows)> rows;
    std::function<void()> copy_begins;
    std::function<void(std::span<const std::byte> piece)> copy;
  };
  /// Runs one, on a session of the replication protocol (the conninfo has `replication`). What the
  /// answers throw cancels it and is passed on; a refusal is thrown when all was heard.
  void run_replication_command(const std::string& command, const Answers& answers);
  /// For building SQL: "na""me" with quotes. Throws Error{database} for a name that is not valid in
  /// the session's encoding.
  std::string identifier(std::string_view name) const;
  std::string literal(std::string_view text) const;

  int server_version() const;  ///< 150018 = 15.18
  bool alive() const;          ///< as far as known without asking
  std::string database() const;
  const Conninfo& conninfo() const { return m_conninfo; }

 private:
  friend class Transaction;
  struct Deleter {
    void operator()(pg_conn*) const noexcept;
  };
  Connection(pg_conn* connection, Conninfo conninfo, const util::Interrupt& interrupt);
  void establish();
  void send(const std::string& sql, std::span<const Parameter> parameters);
  void flush();
  void await_input();
  std::optional<Result> next_result();
  Result wait_for_last_result();
  enum class CopyDirection { in, out };
  void start_copy(const std::string& sql, CopyDirection direction);
  void send_rows(const std::function<std::string_view()>& next);
  void receive_rows(const std::function<void(std::string_view row)>& consume);
  void cancel() noexcept;
  /// Reads what the server still has to say; closes the session when that takes too long.
  void drain() noexcept;
  void rollback() noexcept;
  /// In a transaction of which a statement was refused.
  bool in_failed_transaction() const;
  [[noreturn]] void throw_lost() const;
  [[noreturn]] void throw_refused(const Result& result) const;

  std::unique_ptr<pg_conn, Deleter> m_connection;
  Conninfo m_conninfo;
  const util::Interrupt* m_interrupt;
};

/// BEGIN … COMMIT; rolls back when destroyed uncommitted, after an interrupt too. commit() throws
/// when nothing was committed: DatabaseError, or Error{internal} when a statement was refused
/// before and the caller went on.
class Transaction {
 public:
  explicit Transaction(Connection& connection, std::string_view begin = "BEGIN");
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& m_connection;
  bool m_open = true;
};

}  // namespace bkp::pg
