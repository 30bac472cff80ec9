// The public test vectors of the age format; tests/data/age-testkit/README.md describes a file.
#include <zlib.h>

#include <filesystem>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "seal/armor.hpp"
#include "seal/unsealing.hpp"
#include "stream/hash.hpp"
#include "stream/sinks.hpp"
#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

using namespace bkp;

namespace {

struct Vector {
  std::multimap<std::string, std::string> head;
  std::string file;

  std::string get(const std::string& key) const {
    const auto found = head.find(key);
    return found == head.end() ? "" : found->second;
  }
};

std::string inflated(const std::string& data) {
  std::string result(std::size_t{32} << 20U, '\0');
  uLongf size = result.size();
  REQUIRE(::uncompress(reinterpret_cast<Bytef*>(result.data()), &size,
                       reinterpret_cast<const Bytef*>(data.data()), data.size()) == Z_OK);
  result.resize(size);
  return result;
}

Vector read_vector(const std::filesystem::path& path) {
  const auto text = util::read_file(path).value();
  Vector vector;
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end > at; end = text.find('\n', at)) {
    const auto colon = text.find(": ", at);
    REQUIRE(colon < end);
    vector.head.emplace(text.substr(at, colon - at), text.substr(colon + 2, end - colon - 2));
    at = end + 1;
  }
  vector.file = text.substr(at + 1);
  if (vector.get("compressed") == "zlib") vector.file = inflated(vector.file);
  return vector;
}

seal::Keyring keys_of(const Vector& vector) {
  seal::Keyring keys;
  const auto [begin, end] = vector.head.equal_range("identity");
  for (auto it = begin; it != end; ++it)
    keys.identities.push_back(seal::Identity::parse(it->second));
  if (const auto passphrase = vector.get("passphrase"); !passphrase.empty())
    keys.passphrase = [passphrase] { return passphrase; };
  return keys;
}

/// In the testkit's words.
std::string describe(const util::Error& error) {
  const auto& message = error.message();
  const auto says = [&](std::string_view part) { return message.find(part) != message.npos; };
  if (error.kind() == util::ErrorKind::key) return "no match";
  if (error.kind() != util::ErrorKind::damaged) return message;
  if (says("MAC is wrong")) return "HMAC failure";
  if (says("armor")) return "armor failure";
  if (says("sealed data")) return "payload failure";
  if (says("age header") || says("age file")) return "header failure";
  return message;
}

/// Pushed in pieces of `piece` bytes.
std::string open(const Vector& vector, std::size_t piece, std::string& released) {
  stream::StringSink plain;
  const auto keys = keys_of(vector);
  std::string outcome = "success";
  try {
    seal::UnsealSink unseal{plain, keys};
    seal::DearmorSink dearmor{unseal};
    const auto bytes = std::as_bytes(std::span{vector.file});
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      dearmor.write(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    dearmor.finish();
  } catch (const util::Error& error) {
    outcome = describe(error);
  }
  CHECK(plain.finished() == (outcome == "success"));
  released = plain.text();
  return outcome;
}

}  // namespace

TEST_CASE("the public vectors of the age format") {
  const std::filesystem::path folder{BKP_TEST_DATA "/age-testkit"};
  const std::set<std::string> known{"expect",  "payload",    "identity", "passphrase",
                                    "armored", "compressed", "file key", "comment"};
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    if (name == "README.md") continue;
    CAPTURE(name);
    const auto vector = read_vector(entry.path());
    for (const auto& [key, value] : vector.head) REQUIRE(known.contains(key));
    const bool large = vector.file.size() > (std::size_t{1} << 20U);
    for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{1000}, std::size_t{1}}) {
      if (large && piece == 1) continue;
      CAPTURE(piece);
      std::string released;
      CHECK(open(vector, piece, released) == vector.get("expect"));
      if (const auto payload = vector.get("payload"); !payload.empty())
        CHECK(stream::digests_of(released).sha256 == payload);
      else
        CHECK(released.empty());
    }
    ++count;
  }
  CHECK(count == 83);
}
