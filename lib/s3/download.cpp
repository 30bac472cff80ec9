#include "s3/download.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "s3/object.hpp"
#include "util/first_failure.hpp"

namespace bkp::s3 {

namespace {

using Bytes = std::vector<std::byte>;

/// Fetches [begin, end) of an object in pieces, several at once.
class ParallelFetch {
 public:
  ParallelFetch(Client& client, const Operation& operation, const std::string& bucket_key,
                const std::string& etag, std::uint64_t begin, std::uint64_t end)
      : m_client{client},
        m_operation{operation},
        m_bucket_key{bucket_key},
        m_etag{etag},
        m_begin{begin},
        m_end{end},
        m_count{(end - begin + piece_size - 1) / piece_size} {}

  ~ParallelFetch() {
    m_stop.request_stop();
    const std::lock_guard lock{m_mutex};
    m_changed.notify_all();
  }

  void write_to(stream::Sink& sink) {
    const auto workers = std::min<std::uint64_t>(m_client.parallel(), m_count);
    for (std::uint64_t worker = 0; worker < workers; ++worker)
      m_workers.emplace_back([this] { work(); });
    while (auto piece = next_done()) sink.write(*piece);
  }

 private:
  /// The next piece in order; nullopt after the last.
  std::optional<Bytes> next_done() {
    std::unique_lock lock{m_mutex};
    if (m_written == m_count) return std::nullopt;
    m_changed.wait(lock, [&] { return m_failure.any() || m_done.contains(m_written); });
    if (m_failure.any()) m_failure.rethrow();
    auto piece = std::move(m_done.extract(m_written).mapped());
    ++m_written;
    m_changed.notify_all();
    return piece;
  }

  /// The number of a piece to fetch, once there is room for it.
  std::optional<std::uint64_t> next_wanted() {
    std::unique_lock lock{m_mutex};
    // The piece that is being written takes room as well.
    m_changed.wait(lock, [&] {
      return m_stop.stop_requested() || m_asked == m_count ||
             m_asked + 1 < m_written + std::max<std::size_t>(2, m_client.parallel());
    });
    if (m_stop.stop_requested() || m_asked == m_count) return std::nullopt;
    return m_asked++;
  }

  Bytes fetch(std::uint64_t number) {
    const auto begin = m_begin + number * piece_size;
    const auto end = std::min(begin + piece_size, m_end);
    Bytes bytes;
    bytes.reserve(end - begin);
    Piece piece{m_client, m_operation, m_bucket_key, m_etag, m_stop.get_token()};
    piece.read(begin, end, end, [&](std::span<const std::byte> data) {
      bytes.insert(bytes.end(), data.begin(), data.end());
    });
    if (bytes.size() != end - begin)
      throw m_operation.failed("the server gives less of it than there is");
    return bytes;
  }

  void work() {
    try {
      while (const auto number = next_wanted()) {
        auto bytes = fetch(*number);
        const std::lock_guard lock{m_mutex};
        m_done.emplace(*number, std::move(bytes));
        m_changed.notify_all();
      }
    } catch (...) {
      m_failure.keep_current();
      m_stop.request_stop();
      const std::lock_guard lock{m_mutex};
      m_changed.notify_all();
    }
  }

  Client& m_client;
  const Operation& m_operation;
  const std::string& m_bucket_key;
  const std::string& m_etag;
  std::uint64_t m_begin;
  std::uint64_t m_end;
  std::uint64_t m_count;  ///< of pieces

  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::map<std::uint64_t, Bytes> m_done;  ///< under m_mutex, as the next two
  std::uint64_t m_asked = 0;
  std::uint64_t m_written = 0;
  util::FirstFailure m_failure;
  std::stop_source m_stop;
  std::vector<std::jthread> m_workers;  ///< ends first
};

}  // namespace

bool fetch(Client& client, const Operation& operation, const std::string& bucket_key,
           std::optional<store::ByteRange> range, stream::Sink& sink) {
  // No object is that large, and servers count with signs.
  constexpr std::uint64_t beyond = std::uint64_t{1} << 62U;
  if (range && (range->length == 0 || range->offset >= beyond))
    return head_of(client, operation, bucket_key).has_value();

  const auto begin = range ? range->offset : 0;
  const auto wanted = std::min(range ? range_end(*range) : beyond, beyond);
  Piece first{client, operation, bucket_key, "", {}};
  const auto result = first.read(begin, std::min(wanted, begin + piece_size), wanted,
                                 [&](std::span<const std::byte> data) { sink.write(data); });
  if (result == Piece::Result::absent) return false;
  if (result == Piece::Result::past_end) return true;

  const auto from = begin + first.taken();
  const auto to = std::min(wanted, first.total());
  if (from < to) {
    ParallelFetch rest{client, operation, bucket_key, first.etag(), from, to};
    rest.write_to(sink);
  }
  return true;
}

}  // namespace bkp::s3
