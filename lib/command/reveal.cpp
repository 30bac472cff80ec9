#include "command/reveal.hpp"

#include "util/error.hpp"

namespace bkp::command {

void require_record_of_reveal(bool reveal, const run::Context& context) {
  if (!reveal || !context.dry_run) return;
  throw util::Error{util::ErrorKind::usage,
                    "--reveal is recorded in the audit trail, and --dry-run records nothing",
                    "leave one of them out; `bkp config-diff --reveal` changes nothing either"};
}

}  // namespace bkp::command
