#pragma once

namespace bkp::cli {

/// The program `bkp`: `bkp COMMAND …` becomes bkp-COMMAND from the libexec directory beside this
/// program (BIN/../libexec/bkp, so a moved tree keeps working); `bkp help [COMMAND]` shows the man
/// page, `bkp --version` the versions. Returns the exit code where it does not become another
/// program.
int dispatch(int argc, char** argv);

}  // namespace bkp::cli
