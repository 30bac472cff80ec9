#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "cli/report.hpp"
#include "run/context.hpp"

namespace bkp::command {

/// What an attempt at something dangerous leaves in the audit trail, whatever its end.
struct AuditTrail {
  std::string subject;
  std::string confirmation = {};
  nlohmann::json details = nlohmann::json::object();
};

/// Makes the attempt, which fills in the trail on its way, and records it: as ACTION,
/// ACTION.refused or ACTION.failed.
cli::Report audited(run::Context& context, const std::string& action, AuditTrail trail,
                    const std::function<cli::Report(AuditTrail& trail)>& attempt);

}  // namespace bkp::command
