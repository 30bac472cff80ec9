#include "stream/hash.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::stream {

namespace {

using util::Error;
using util::ErrorKind;

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
struct DigestDeleter {
  void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
};

Error failed(std::string_view what) {
  return Error{ErrorKind::internal, "OpenSSL cannot compute " + std::string{what},
               "a FIPS configuration of OpenSSL may forbid it; see openssl.cnf(5)"};
}

/// One running digest.
class Digest {
 public:
  explicit Digest(const char* name) : m_name{name} {
    const std::unique_ptr<EVP_MD, DigestDeleter> digest{EVP_MD_fetch(nullptr, name, nullptr)};
    m_context.reset(EVP_MD_CTX_new());
    if (!digest || !m_context || EVP_DigestInit_ex2(m_context.get(), digest.get(), nullptr) != 1) {
      throw failed(m_name);
    }
  }

  void update(std::span<const std::byte> data) {
    if (EVP_DigestUpdate(m_context.get(), data.data(), data.size()) != 1) throw failed(m_name);
  }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> result;
    unsigned size = 0;
    if (EVP_DigestFinal_ex(m_context.get(), result.data(), &size) != 1) throw failed(m_name);
    return util::to_hex(std::as_bytes(std::span{result}.first(size)));
  }

 private:
  const char* m_name;
  std::unique_ptr<EVP_MD_CTX, ContextDeleter> m_context;
};

/// The same, with XXH3.
class Xxh3 {
 public:
  Xxh3() : m_state{XXH3_createState()} {
    if (!m_state) throw std::bad_alloc{};
    XXH3_128bits_reset(m_state.get());
  }

  void update(std::span<const std::byte> data) {
    XXH3_128bits_update(m_state.get(), data.data(), data.size());
  }

  std::string hex() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(m_state.get()));
    return util::to_hex(std::as_bytes(std::span{canonical.digest}));
  }

 private:
  struct Deleter {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Deleter> m_state;
};

}  // namespace

struct HashSink::State {
  explicit State(DigestSet set) {
    if (set == DigestSet::md5_and_sha256) md5.emplace("MD5");
    if (set == DigestSet::xxh3) {
      xxh3.emplace();
    } else {
      sha256.emplace("SHA256");
    }
  }

  std::optional<Digest> md5;
  std::optional<Digest> sha256;
  std::optional<Xxh3> xxh3;
  std::uint64_t bytes = 0;
  std::optional<Digests> digests;
  bool ended = false;

  void update(std::span<const std::byte> data) {
    bytes += data.size();
    // Pieces that fit the processor's cache are read from memory once for both digests.
    constexpr std::size_t piece_size = std::size_t{16} << 10U;
    while (!data.empty()) {
      const auto piece = data.first(std::min(data.size(), piece_size));
      if (md5) md5->update(piece);
      if (sha256) sha256->update(piece);
      if (xxh3) xxh3->update(piece);
      data = data.subspan(piece.size());
    }
  }

  void conclude() {
    digests =
        Digests{md5 ? md5->hex() : "", sha256 ? sha256->hex() : "", xxh3 ? xxh3->hex() : "", bytes};
  }
};

HashSink::HashSink(Sink& next, DigestSet digests)
    : m_next{next}, m_state{std::make_unique<State>(digests)} {}

HashSink::~HashSink() {
  HashSink::abort();
}

void HashSink::write(std::span<const std::byte> data) {
  m_state->update(data);
  m_next.write(data);
}

void HashSink::finish() {
  m_state->conclude();
  m_next.finish();
  m_state->ended = true;
}

void HashSink::abort() noexcept {
  if (!std::exchange(m_state->ended, true)) m_next.abort();
}

const Digests& HashSink::digests() const {
  if (!m_state->digests) throw Error{ErrorKind::internal, "digests asked for before their end"};
  return *m_state->digests;
}

Digests digests_of(std::string_view text) {
  Digest md5{"MD5"};
  Digest sha256{"SHA256"};
  const auto bytes = std::as_bytes(std::span{text});
  md5.update(bytes);
  sha256.update(bytes);
  return {md5.hex(), sha256.hex(), "", text.size()};
}

std::vector<std::byte> sha256_of(std::string_view text) {
  std::vector<std::byte> digest(32);
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                 EVP_sha256(), nullptr) != 1)
    throw failed("SHA-256");
  return digest;
}

}  // namespace bkp::stream
