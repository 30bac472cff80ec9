#pragma once

#include "util/process.hpp"

namespace bkp::util {

/// Starts a program that outlives this one: in a session of its own, with /dev/null as stdin,
/// stdout and stderr. Nobody hears how it ends. argv[0] is a path; pipes and descriptors of
/// `command` are not looked at. Throws Error{internal} when it cannot be started.
void start_detached(const Command& command);

}  // namespace bkp::util
