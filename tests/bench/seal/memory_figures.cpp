#include "bench/seal/memory_figures.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "bench/seal/raw_cipher.hpp"
#include "bench/support/random_data.hpp"
#include "bench/support/report.hpp"
#include "bench/support/series.hpp"
#include "seal/sealing.hpp"
#include "seal/unsealing.hpp"
#include "stream/sinks.hpp"
#include "util/units.hpp"

namespace bkp::bench {

namespace {

/// What bkp reads and hands on at once.
constexpr std::size_t write_size = std::size_t{256} << 10U;

/// Room for all of it is there before anything comes.
class MemorySink final : public stream::Sink {
 public:
  explicit MemorySink(std::size_t capacity) { m_bytes.reserve(capacity); }
  void write(std::span<const std::byte> data) override {
    m_bytes.insert(m_bytes.end(), data.begin(), data.end());
  }
  void finish() override {}
  void abort() noexcept override {}
  std::vector<std::byte> take() { return std::move(m_bytes); }

 private:
  std::vector<std::byte> m_bytes;
};

void write_through(stream::Sink& sink, std::span<const std::byte> data) {
  while (!data.empty()) {
    const auto piece = data.first(std::min(data.size(), write_size));
    sink.write(piece);
    data = data.subspan(piece.size());
  }
  sink.finish();
}

void seal(std::span<const std::byte> plain, const seal::Recipient& recipient, stream::Sink& next) {
  seal::SealSink sink{next, {recipient}};
  write_through(sink, plain);
}

void seal_into_nothing(std::span<const std::byte> plain, const seal::Recipient& recipient) {
  stream::NullSink nothing;
  seal(plain, recipient, nothing);
}

std::vector<std::byte> sealed(std::span<const std::byte> plain, const seal::Recipient& recipient) {
  constexpr std::size_t overhead = 4096;
  MemorySink memory{plain.size() + plain.size() / 1024 + overhead};
  seal(plain, recipient, memory);
  return memory.take();
}

void unseal(std::span<const std::byte> sealed, const seal::Identity& identity) {
  stream::NullSink nothing;
  seal::UnsealSink sink{nothing, {{identity}, {}}};
  write_through(sink, sealed);
}

void print_rates(const std::vector<Figures>& figures, std::uint64_t bytes) {
  print_table({{figures[0], 0, bytes}, {figures[1], 0, bytes}});
}

}  // namespace

void memory_figures(std::uint64_t bytes, int runs) {
  print_title(fmt::format("one thread, out of memory into nothing: {}", util::format_size(bytes)));
  const auto identity = seal::Identity::generate();
  const auto recipient = identity.recipient();
  RawCipher raw;
  auto plain = random_data(bytes);
  const auto sealing =
      measure({{"seal: OpenSSL's ChaCha20-Poly1305 alone", [&] { raw.seal(plain); }},
               {"seal: bkp", [&] { seal_into_nothing(plain, recipient); }}},
              runs);
  print_rates(sealing, bytes);

  const auto of_bkp = sealed(plain, recipient);
  const auto of_raw = raw.sealed(plain);
  plain = {};
  const auto opening =
      measure({{"unseal: OpenSSL's ChaCha20-Poly1305 alone", [&] { raw.open(of_raw); }},
               {"unseal: bkp", [&] { unseal(of_bkp, identity); }}},
              runs);
  print_rates(opening, bytes);
  print_goal_at_least("sealing on one core",
                      static_cast<double>(bytes) / sealing[1].wall_seconds / 1e9, 1.3, " GB/s");
}

}  // namespace bkp::bench
