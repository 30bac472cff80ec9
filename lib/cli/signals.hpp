#pragma once

#include <vector>

#include "util/interrupt.hpp"

namespace bkp::cli {

/// SIGINT, SIGTERM and SIGHUP request the interrupt (SIGINT and SIGHUP stay ignored where they
/// were, as under nohup), SIGUSR1 writes a byte to `status_fd`, SIGPIPE is ignored (a closed output
/// shows as EPIPE). One at a time in a process: handlers need a place that the kernel can reach.
class SignalHandlers {
 public:
  SignalHandlers(util::Interrupt& interrupt, int status_fd);
  ~SignalHandlers();
  SignalHandlers(const SignalHandlers&) = delete;
  SignalHandlers& operator=(const SignalHandlers&) = delete;

 private:
  std::vector<int> m_handled;
};

}  // namespace bkp::cli
