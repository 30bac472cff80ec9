// An age file, binary or in armor, from anybody. The seeds are the public test vectors, whose heads
// (tests/data/age-testkit/README.md), up to the first empty line, are passed over; the first byte
// says in what pieces the file arrives.
#include <algorithm>
#include <charconv>

#include "fuzz/age_keys.hpp"
#include "fuzz/fuzz.hpp"
#include "seal/armor.hpp"
#include "seal/header.hpp"
#include "seal/payload.hpp"
#include "seal/sealing.hpp"
#include "stream/sinks.hpp"
#include "support/bytes.hpp"
#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

using namespace bkp;

namespace {

/// scrypt may ask for gigabytes and minutes; here it gets a mebibyte.
constexpr int most_work = 10;
struct TooMuchWork {};

/// What came out of a stage, and how that ended: "" when it finished.
struct Outcome {
  std::string text;
  std::string end;
  bool operator==(const Outcome&) const = default;
  bool finished() const { return end.empty(); }
};

/// `file` through `stage`, which passes on to `out`.
Outcome outcome_of(std::string_view file, std::size_t piece, stream::Sink& stage,
                   const stream::StringSink& out) {
  Outcome outcome;
  try {
    test::write_in_pieces(stage, file, piece);
    stage.finish();
    fuzz::require(out.finished(), "what finished has finished the next stage");
  } catch (const util::Error& error) {
    using util::ErrorKind;
    fuzz::require(error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::key,
                  "a file that cannot be opened is damaged, or somebody else's");
    fuzz::require(!out.finished(), "what failed has not finished the next stage");
    outcome.end = error.message();
  }
  outcome.text = out.text();
  return outcome;
}

Outcome dearmor(std::string_view file, std::size_t piece) {
  stream::StringSink out;
  seal::DearmorSink stage{out};
  return outcome_of(file, piece, stage, out);
}

Outcome open(std::string_view file, std::size_t piece, const seal::Keyring& keys) {
  stream::StringSink out;
  seal::UnsealSink unseal{out, keys};
  seal::DearmorSink stage{unseal};
  return outcome_of(file, piece, stage, out);
}

/// The header of a binary file, if it has one.
std::string_view header_of(std::string_view file) {
  const auto mac = file.find("\n---");
  if (mac == file.npos) return {};
  return file.substr(0, file.find('\n', mac + 1) + 1);
}

bool asks_for_much(std::string_view header) {
  const auto begin = header.find("\n-> scrypt ");
  if (begin == header.npos) return false;
  const auto line = header.substr(begin + 1, header.find('\n', begin + 1) - begin - 1);
  const auto factor = line.substr(line.rfind(' ') + 1);
  int log_n = 0;
  std::from_chars(factor.data(), factor.data() + factor.size(), log_n);
  return log_n > most_work;
}

/// As age writes it.
std::string armored(std::string_view file) {
  constexpr std::size_t columns = 64;
  const auto base64 = util::to_base64(test::bytes_of(file), util::Base64Padding::present);
  std::string text = "-----BEGIN AGE ENCRYPTED FILE-----\n";
  for (std::size_t at = 0; at < base64.size(); at += columns)
    text += base64.substr(at, columns) + '\n';
  return text + "-----END AGE ENCRYPTED FILE-----\n";
}

/// With the liberties that a reader of armor grants taken back.
std::string tidied(std::string_view text) {
  constexpr std::string_view white_space = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  while (!text.empty() && white_space.find(text.back()) != text.npos) text.remove_suffix(1);
  std::string tidy;
  for (const auto line : util::split_lines(text)) tidy.append(line) += '\n';
  return tidy;
}

void check_armor(std::string_view text, std::size_t piece, const Outcome& whole) {
  fuzz::require(dearmor(text, piece) == whole, "pieces make no difference to armor");
  const auto tidy = tidied(text);
  if (text.starts_with('a')) {
    fuzz::require(whole.text == text, "what is binary is passed on as it is");
  } else if (whole.finished() && !tidy.empty()) {
    fuzz::require(armored(whole.text) == tidy, "armor is taken as age writes it, and not else");
  }
  const auto back = dearmor(armored(text), piece);
  fuzz::require(back.finished() && back.text == text, "what was armored comes out again");
}

void check_header(std::string_view header) {
  try {
    const auto parsed = seal::parse_header(header);
    fuzz::require(
        seal::header_text(parsed.stanzas, seal::FileKey{}).starts_with(parsed.authenticated),
        "a header is taken as it would be written, and not else");
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::damaged, "a broken header is damaged");
  }
}

void check_resealed(const std::string& plain, std::size_t piece, const seal::Keyring& keys) {
  stream::StringSink sealed;
  seal::SealSink seal{sealed, {keys.identities.front().recipient()}};
  test::write_in_pieces(seal, plain, piece);
  seal.finish();
  const auto opened = open(sealed.text(), piece, keys);
  fuzz::require(opened.finished() && opened.text == plain, "what was sealed comes out again");
}

/// What stands behind the head, which ends with an empty line.
std::string_view file_in(std::string_view input) {
  const auto end = input.find("\n\n");
  return end == input.npos ? input.substr(1) : input.substr(end + 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const auto file = file_in(fuzz::text_of(data, size));

  const auto binary = dearmor(file, file.size() + 1);
  check_armor(file, piece, binary);
  const auto header = header_of(binary.text);
  check_header(header);

  auto keys = fuzz::testkit_keys();
  keys.passphrase = [&, given = keys.passphrase] {
    if (asks_for_much(header)) throw TooMuchWork{};
    return given();
  };
  try {
    const auto whole = open(file, file.size() + 1, keys);
    fuzz::require(open(file, piece, keys) == whole, "pieces make no difference to an age file");
    fuzz::require(whole.finished() || whole.text.size() % seal::chunk_size == 0,
                  "nothing but whole chunks leaves a file that is damaged");
    if (whole.finished()) check_resealed(whole.text, piece, keys);
  } catch (const TooMuchWork&) {
    // Anybody may ask.
  }
  return 0;
}
