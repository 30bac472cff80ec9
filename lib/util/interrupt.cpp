#include "util/interrupt.hpp"

#include <unistd.h>
#include <cerrno>

#include "util/error.hpp"

namespace bkp::util {

Interrupt::Interrupt() : m_pipe{make_pipe()} {}

void Interrupt::request(int signal) noexcept {
  int expected = 0;
  if (!m_signal.compare_exchange_strong(expected, signal)) return;
  const int saved_errno = errno;
  [[maybe_unused]] const ssize_t written = ::write(m_pipe.write.get(), "!", 1);
  errno = saved_errno;
}

void Interrupt::check() const {
  if (const int number = signal()) throw Error::interrupted(number);
}

}  // namespace bkp::util
