#pragma once

#include <string>

#include "stream/sink.hpp"

namespace bkp::stream {

/// Writes to a descriptor, which stays open. Errors: Error{store} naming `name`, and
/// Error::interrupted(SIGPIPE) when it is a pipe whose reader has gone away.
class FdSink final : public Sink {
 public:
  FdSink(int fd, std::string name) : m_fd{fd}, m_name{std::move(name)} {}
  void write(std::span<const std::byte> data) override;
  void finish() override {}
  void abort() noexcept override {}

 private:
  int m_fd;
  std::string m_name;
};

}  // namespace bkp::stream
