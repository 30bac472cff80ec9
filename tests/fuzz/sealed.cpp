// A sealed file of known contents that somebody changed: the first byte chooses the file, the
// second in what pieces it arrives, the rest says what is done to it.
#include <algorithm>
#include <array>
#include <optional>

#include "fuzz/age_keys.hpp"
#include "fuzz/fuzz.hpp"
#include "seal/armor.hpp"
#include "seal/payload.hpp"
#include "stream/sinks.hpp"
#include "support/bytes.hpp"
#include "util/error.hpp"

using namespace bkp;

namespace {

constexpr std::string_view file_key = "YELLOW SUBMARINE";  // as in the test vectors

constexpr std::string_view for_identity =
    "age-encryption.org/v1\n"
    "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"
    "hjabGXwSLQ9c3S6Lw2i+S2Tu2fiwQHHslbBN6B41FLE\n"
    "--- WyJp9F/9FOZh7gJdheq2WIJcwHgYc8NIVh3ddwhrcNg\n";
/// With a work factor of 1.
constexpr std::string_view for_passphrase =
    "age-encryption.org/v1\n"
    "-> scrypt AAECAwQFBgcICQoLDA0ODw 1\n"
    "4WCvSCaodYCR18b/ioW6+xIu2HAL+mPSfWGKK00mxVw\n"
    "--- 6uHaiixh+czbyLNgZ4xtcFm+1/giAaDRG4kvNNrWMaM\n";

constexpr std::array<std::size_t, 8> sizes{0,
                                           1,
                                           seal::chunk_size - 1,
                                           seal::chunk_size,
                                           seal::chunk_size + 1,
                                           2 * seal::chunk_size,
                                           2 * seal::chunk_size + 77,
                                           3 * seal::chunk_size};

struct SealedFile {
  std::string plain;
  std::string sealed;
  std::size_t payload = 0;  ///< where the first chunk begins
};

/// No two places of it look alike.
std::string contents(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; ++at)
    text[at] = static_cast<char>((at + 1) * 2654435761U >> 16U);
  return text;
}

SealedFile seal_file(std::string_view header, std::size_t size) {
  const seal::PayloadNonce nonce{};
  seal::FileKey key;
  std::ranges::copy(test::bytes_of(file_key), key.bytes().begin());
  seal::Chunks chunks{key, nonce};
  SealedFile file{contents(size), std::string{header}, header.size() + nonce.size()};
  file.sealed.append(nonce.size(), '\0');
  std::vector<std::byte> sealed(seal::sealed_chunk_size);
  auto rest = test::bytes_of(file.plain);
  for (bool last = false; !last;) {
    const auto chunk = rest.first(std::min(rest.size(), seal::chunk_size));
    rest = rest.subspan(chunk.size());
    last = rest.empty();
    chunks.seal(chunk, last, sealed);
    file.sealed.append(reinterpret_cast<const char*>(sealed.data()),
                       chunk.size() + seal::ChaChaPoly::tag_size);
  }
  return file;
}

const SealedFile& chosen_file(std::uint8_t choice) {
  static const auto all = [] {
    std::vector<SealedFile> files;
    for (const auto header : {for_identity, for_passphrase})
      for (const auto size : sizes) files.push_back(seal_file(header, size));
    return files;
  }();
  return all[choice % all.size()];
}

/// Reads what is to be done; zeros at its end.
class Script {
 public:
  explicit Script(std::string_view text) : m_rest{text} {}
  bool ended() const { return m_rest.empty(); }
  std::uint8_t byte() {
    if (m_rest.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(m_rest.front());
    m_rest.remove_prefix(1);
    return value;
  }
  /// A place in the file: near the beginning of a chunk, or in the file's first 32 KiB.
  std::size_t place(const SealedFile& file, std::size_t size) {
    const std::size_t kind = byte();
    std::size_t at = (kind & 0x7FU) << 8U | byte();
    if ((kind & 0x80U) != 0) {
      const auto beyond = at & 0xFFU;
      at = file.payload + (kind & 7U) * seal::sealed_chunk_size + beyond - 0x80;
    }
    return std::min(at, size);
  }

 private:
  std::string_view m_rest;
};

void change_once(std::string& text, const SealedFile& file, Script& script) {
  const auto what = script.byte() % 6;
  const auto at = script.place(file, text.size());
  switch (what) {
    case 0:  // one byte becomes another
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ script.byte());
      break;
    case 1:  // the end is lost
      text.resize(at);
      break;
    case 2:  // a piece is lost
      text.erase(at, script.place(file, text.size() - at));
      break;
    case 3: {  // a piece comes twice, perhaps elsewhere
      const auto to = script.place(file, text.size());
      text.insert(to, text.substr(at, seal::sealed_chunk_size));
      break;
    }
    case 4: {  // two chunks change places
      const auto other = script.place(file, text.size());
      const auto size = std::min({seal::sealed_chunk_size, text.size() - std::max(at, other),
                                  std::max(at, other) - std::min(at, other)});
      std::swap_ranges(text.begin() + static_cast<std::ptrdiff_t>(at),
                       text.begin() + static_cast<std::ptrdiff_t>(at + size),
                       text.begin() + static_cast<std::ptrdiff_t>(other));
      break;
    }
    default: {  // something is added
      const auto many = script.byte();
      text.insert(at, many, static_cast<char>(script.byte()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int most_changes = 8;
  Script script{fuzz::text_of(data, size)};
  const auto& file = chosen_file(script.byte());
  // Smaller pieces of files this large would take most of the time.
  const std::size_t piece = std::size_t{1} << (8 + script.byte() % 10);
  auto changed = file.sealed;
  for (int count = 0; count < most_changes && !script.ended(); ++count)
    change_once(changed, file, script);

  stream::StringSink out;
  const auto keys = fuzz::testkit_keys();
  bool refused = false;
  try {
    seal::UnsealSink unseal{out, keys};
    seal::DearmorSink stage{unseal};
    test::write_in_pieces(stage, changed, piece);
    stage.finish();
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged || error.kind() == util::ErrorKind::key,
                  "what was changed is damaged, or seems somebody else's");
    refused = true;
  }
  const auto& text = out.text();
  fuzz::require(refused != out.finished(), "the next stage finishes with this one, and only so");
  fuzz::require(refused == (changed != file.sealed),
                "what was changed is refused, and else nothing");
  fuzz::require(file.plain.starts_with(text), "what came out was sealed so");
  fuzz::require(text == file.plain || (refused && text.size() % seal::chunk_size == 0),
                "only whole chunks come out, or all");
  return 0;
}
