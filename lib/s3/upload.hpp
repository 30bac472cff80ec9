#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "s3/multipart.hpp"
#include "stream/sink.hpp"
#include "util/first_failure.hpp"

namespace bkp::s3 {

/// An object of an S3 store while it is written. What fits one part (see parts.hpp, also for the
/// memory it takes) becomes an object by one PutObject in finish(). More goes into a multipart
/// upload, as it comes: parts are filled in the writer's thread and sent by threads of their own,
/// up to Options::parallel. A failure of theirs comes out of the next write() or finish(). After
/// abort(), which waits for the threads, no upload remains; a crash leaves one, which shows in no
/// listing and is found by Store::remove_unfinished().
class Upload final : public stream::Sink {
 public:
  /// The client outlives the sink.
  Upload(Client& client, NewObject object);
  ~Upload() override;
  void write(std::span<const std::byte> data) override;
  void finish() override;
  void abort() noexcept override;

 private:
  struct Part {
    std::size_t number = 1;
    std::unique_ptr<std::byte[]> bytes;  ///< only what is written to it takes memory
    std::size_t filled = 0;
    std::size_t size = 0;
  };

  void start_part();
  void send_part();
  void work();
  std::optional<Part> next_part();
  void wait_for_parts();
  void stop_workers() noexcept;

  Client& m_client;
  NewObject m_object;
  Part m_part;  ///< that is being filled
  std::unique_ptr<Multipart> m_multipart;
  bool m_ended = false;

  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::deque<Part> m_waiting;    ///< under m_mutex
  std::size_t m_unfinished = 0;  ///< parts handed over and not yet stored; under m_mutex
  std::size_t m_idle = 0;        ///< threads; under m_mutex
  util::FirstFailure m_failure;
  std::stop_source m_stop;
  std::vector<std::jthread> m_workers;
};

}  // namespace bkp::s3
