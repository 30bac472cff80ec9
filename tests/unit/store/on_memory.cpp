// A store flushes all the time, which on a busy disk takes this suite past its two seconds. Where
// there is a file system in memory the temporary directories go there; an explicit TMPDIR wins.

#include <unistd.h>

#include <cstdlib>

namespace {

constexpr const char* memory = "/dev/shm";

[[maybe_unused]] const bool chosen =
    ::access(memory, R_OK | W_OK | X_OK) == 0 && ::setenv("TMPDIR", memory, 0) == 0;

}  // namespace
