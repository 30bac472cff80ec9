#include "catalog/apply.hpp"

#include "catalog/statements.hpp"

namespace bkp::catalog {

Applied apply(pg::Connection& session, const Event& event) {
  const auto& statements = statements_for(event.kind);
  pg::Transaction transaction{session};
  const auto inserted = session.exec(
      "INSERT INTO applied_events (event_id) VALUES ($1::uuid) ON CONFLICT DO NOTHING", {event.id});
  if (inserted.affected() == 0) return {};
  Applied applied{true, std::nullopt};
  const auto data = event.data.dump();
  for (const auto& statement : statements) {
    const auto result = session.exec(statement, {data, event.run_key});
    if (!applied.id && result.rows() == 1) applied.id = result.integer(0, 0);
  }
  transaction.commit();
  return applied;
}

bool is_refusal_for_good(const util::Error& error) {
  if (error.kind() == util::ErrorKind::damaged) return true;
  const auto* refusal = dynamic_cast<const pg::DatabaseError*>(&error);
  // Classes 22, data exception, and 23, integrity constraint violation.
  return refusal != nullptr &&
         (refusal->sqlstate().starts_with("22") || refusal->sqlstate().starts_with("23"));
}

}  // namespace bkp::catalog
