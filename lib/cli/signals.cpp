#include "cli/signals.hpp"

#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace bkp::cli {

namespace {

std::atomic<util::Interrupt*> current_interrupt = nullptr;
std::atomic<int> current_status_fd = -1;

void on_end_signal(int number) {
  if (auto* interrupt = current_interrupt.load()) interrupt->request(number);
}

void on_status_signal(int) {
  const int saved_errno = errno;
  if (const int fd = current_status_fd.load(); fd >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(fd, "s", 1);
  }
  errno = saved_errno;
}

void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

SignalHandlers::SignalHandlers(util::Interrupt& interrupt, int status_fd) {
  current_interrupt = &interrupt;
  current_status_fd = status_fd;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // nohup(1), and a shell that puts a job into the background, ask not to be ended by these.
    if (number != SIGTERM && is_ignored(number)) continue;
    handle(number, on_end_signal, 0);
    m_handled.push_back(number);
  }
  handle(SIGUSR1, on_status_signal, SA_RESTART);
  handle(SIGPIPE, SIG_IGN, 0);
}

SignalHandlers::~SignalHandlers() {
  for (const int number : m_handled) handle(number, SIG_DFL, 0);
  handle(SIGUSR1, SIG_IGN, 0);
  current_interrupt = nullptr;
  current_status_fd = -1;
}

}  // namespace bkp::cli
