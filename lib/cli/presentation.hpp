#pragma once

#include <functional>
#include <string>

#include "cli/envelope.hpp"
#include "cli/shared_options.hpp"
#include "util/log.hpp"

namespace bkp::cli {

/// Who speaks, and how.
struct Speaker {
  std::string program;       ///< "bkp full"
  bool color = false;        ///< of errors
  util::Log* log = nullptr;  ///< null: there is none yet
};

/// Shows how a run ended: `text`, or with --json the envelope, on stdout, and its error for people
/// on stderr, and through the log where that goes to programs. Returns the exit code of the
/// process; a failure to print is an error where the run has none.
int present(const Ending& ending, const std::string& text, const SharedOptions& shared,
            const Speaker& speaker,
            const std::function<int(const util::Error& error)>& exit_code_of);

}  // namespace bkp::cli
