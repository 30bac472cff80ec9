#pragma once

#include <optional>

#include "backup/full_backup.hpp"
#include "cli/report.hpp"
#include "exports/export_run.hpp"
#include "run/context.hpp"
#include "util/error.hpp"

namespace bkp::command {

/// The export of the configuration in a run that takes backups.
class ConfigStep {
 public:
  explicit ConfigStep(run::Context& context) : m_context{context} {}

  /// Collects what is configured and adds it to what the run takes, unless the last export has the
  /// same. What goes wrong does not keep the run from its backups: tell() says it. Does nothing
  /// where nothing is configured. Throws Error{interrupted}.
  void add_to(backup::FullRequest& request);

  /// Whether there is nothing to store.
  bool unchanged() const { return m_collected && m_collected->same_as; }

  /// Enters it in the report of the run.
  void tell(cli::Report& report) const;

 private:
  run::Context& m_context;
  std::optional<exports::CollectedExport> m_collected;
  std::optional<util::Error> m_error;
};

}  // namespace bkp::command
