// Stands between the code under test and the C library: what is defined here takes the place of the
// functions of the same name.
#include "stalls.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace {

constexpr int k_no_limit = 1 << 30;

std::atomic<int> gated_fd = -1;
std::atomic<bool> gate_reached = false;
std::atomic<int> threads_left = k_no_limit;

}  // namespace

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  if (fd >= 0 && fd == gated_fd) {
    gate_reached = true;
    gated_fd.wait(fd);
  }
  return ::syscall(SYS_write, fd, data, size);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*body)(void*), void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left-- <= 0) return EAGAIN;
  return create(thread, attributes, body, argument);
}

namespace bkp::test {

WriteGate::WriteGate(int fd) {
  gate_reached = false;
  gated_fd = fd;
}

WriteGate::~WriteGate() {
  open();
}

void WriteGate::open() {
  gated_fd = -1;
  gated_fd.notify_all();
}

bool WriteGate::reached() const {
  return gate_reached;
}

ThreadLimit::ThreadLimit(int more) {
  threads_left = more;
}

ThreadLimit::~ThreadLimit() {
  threads_left = k_no_limit;
}

}  // namespace bkp::test
