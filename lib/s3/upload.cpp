#include "s3/upload.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "s3/parts.hpp"

namespace bkp::s3 {

Upload::Upload(Client& client, NewObject object) : m_client{client}, m_object{std::move(object)} {}

Upload::~Upload() {
  Upload::abort();
}

void Upload::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    if (!m_part.bytes) start_part();
    // A part is handed over when more comes: only then it is known that there is a second one.
    if (m_part.filled == m_part.size) {
      send_part();
      start_part();
    }
    const auto taken = std::min(data.size(), m_part.size - m_part.filled);
    std::memcpy(m_part.bytes.get() + m_part.filled, data.data(), taken);
    m_part.filled += taken;
    data = data.subspan(taken);
  }
}

void Upload::finish() {
  if (!m_multipart) {
    put(m_client, m_object, {m_part.bytes.get(), m_part.filled});
  } else {
    send_part();
    wait_for_parts();
    stop_workers();
    m_multipart->complete();
  }
  m_ended = true;
}

void Upload::abort() noexcept {
  if (std::exchange(m_ended, true)) return;
  stop_workers();
  m_part = {};
  m_waiting.clear();
  if (m_multipart) m_multipart->abort();
}

/// Waits until there may be one more buffer.
void Upload::start_part() {
  m_part.size = part_size(m_part.number);
  m_part.filled = 0;
  const auto buffers = part_buffers(m_part.size, m_client.parallel());
  std::unique_lock lock{m_mutex};
  m_changed.wait(lock, [&] { return m_failure.any() || m_unfinished < buffers; });
  lock.unlock();
  if (m_failure.any()) m_failure.rethrow();
  m_part.bytes = std::make_unique_for_overwrite<std::byte[]>(m_part.size);
}

void Upload::send_part() {
  if (m_part.number > most_parts) {
    throw m_object.operation.failed("it is larger than S3 takes: more than 10,000 parts",
                                    "write it in several objects");
  }
  if (!m_multipart) m_multipart = std::make_unique<Multipart>(m_client, m_object);
  const auto number = m_part.number;
  bool another_worker = false;
  {
    const std::lock_guard lock{m_mutex};
    m_waiting.push_back(std::exchange(m_part, {}));
    ++m_unfinished;
    another_worker = m_idle < m_waiting.size() && m_workers.size() < m_client.parallel();
  }
  m_part.number = number + 1;
  m_changed.notify_all();
  if (another_worker) m_workers.emplace_back([this] { work(); });
}

std::optional<Upload::Part> Upload::next_part() {
  std::unique_lock lock{m_mutex};
  ++m_idle;
  m_changed.wait(lock, [&] { return m_stop.stop_requested() || !m_waiting.empty(); });
  --m_idle;
  if (m_stop.stop_requested()) return std::nullopt;
  auto part = std::move(m_waiting.front());
  m_waiting.pop_front();
  return part;
}

void Upload::work() {
  try {
    while (auto part = next_part()) {
      m_multipart->upload_part(part->number, {part->bytes.get(), part->filled}, m_stop.get_token());
      part->bytes.reset();
      const std::lock_guard lock{m_mutex};
      --m_unfinished;
      m_changed.notify_all();
    }
  } catch (...) {
    m_failure.keep_current();
    m_stop.request_stop();
    // Under the lock, so that nobody misses it between looking and waiting.
    const std::lock_guard lock{m_mutex};
    m_changed.notify_all();
  }
}

void Upload::wait_for_parts() {
  std::unique_lock lock{m_mutex};
  m_changed.wait(lock, [&] { return m_failure.any() || m_unfinished == 0; });
  lock.unlock();
  if (m_failure.any()) m_failure.rethrow();
}

void Upload::stop_workers() noexcept {
  m_stop.request_stop();
  {
    const std::lock_guard lock{m_mutex};
    m_changed.notify_all();
  }
  for (auto& worker : m_workers) worker.join();
  m_workers.clear();
}

}  // namespace bkp::s3
