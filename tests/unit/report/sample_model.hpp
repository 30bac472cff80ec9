#pragma once

#include "report/runbook_model.hpp"

namespace bkp::test {

/// A site with two stores and one database "studio", verified, 120000 rows in its largest table.
report::RunbookModel sample_model();
/// The same with names that try to break out of HTML, SQL, connection strings and the shell.
report::RunbookModel hostile_model();
/// `model` of a site that archives its WAL: with two backups of the cluster, younger than the
/// dumps, and with its catalog in that cluster.
report::RunbookModel with_bases(report::RunbookModel model);
inline constexpr auto hostile_name = "x'; touch /tmp/harm; \"<script>alert(1)</script>&\n$(id)\\ =";

}  // namespace bkp::test
