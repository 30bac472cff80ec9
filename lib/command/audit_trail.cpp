#include "command/audit_trail.hpp"

#include "util/error.hpp"

namespace bkp::command {

using util::Error;
using util::ErrorKind;

cli::Report audited(run::Context& context, const std::string& action, AuditTrail trail,
                    const std::function<cli::Report(AuditTrail& trail)>& attempt) {
  const auto record = [&](const std::string& what) {
    context.recorder.audit(
        {what, trail.subject, trail.confirmation, trail.details, context.clock.now()});
  };
  try {
    auto report = attempt(trail);
    record(action);
    return report;
  } catch (...) {
    const Error error = util::current_error();
    trail.details["error"] = error.full_message();
    record(action + (error.kind() == ErrorKind::refused ? ".refused" : ".failed"));
    throw;
  }
}

}  // namespace bkp::command
