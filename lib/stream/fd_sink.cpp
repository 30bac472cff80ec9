#include "stream/fd_sink.hpp"

#include "util/fd.hpp"

namespace bkp::stream {

void FdSink::write(std::span<const std::byte> data) {
  util::write_for_reader(m_fd, data, m_name);
}

}  // namespace bkp::stream
