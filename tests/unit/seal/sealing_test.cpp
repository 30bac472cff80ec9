#include "seal/sealing.hpp"

#include <catch2/catch.hpp>

#include "seal/armor.hpp"
#include "seal/payload.hpp"
#include "seal/unsealing.hpp"
#include "stream/sinks.hpp"
#include "support/error_of.hpp"
#include "support/recording_sink.hpp"

using namespace bkp;
using test::error_of;

namespace {

void push(stream::Sink& sink, std::string_view text, std::size_t piece) {
  for (std::size_t at = 0; at < text.size(); at += piece)
    sink.write(std::as_bytes(std::span{text.substr(at, piece)}));
  sink.finish();
}

std::string sealed(std::string_view text, const std::vector<seal::Recipient>& recipients,
                   std::size_t piece = 100000) {
  stream::StringSink file;
  seal::SealSink seal{file, recipients};
  push(seal, text, piece);
  return file.take();
}

/// What comes out before the end, or before the error.
std::string opened(std::string_view file, const seal::Identity& identity,
                   std::size_t piece = 9999) {
  stream::StringSink plain;
  seal::UnsealSink unseal{plain, {{identity}, {}}};
  push(unseal, file, piece);
  return plain.take();
}

}  // namespace

TEST_CASE("what was sealed opens with each recipient's identity and no other") {
  const auto first = seal::Identity::generate();
  const auto second = seal::Identity::generate();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, seal::chunk_size - 1, seal::chunk_size,
        seal::chunk_size + 1, 2 * seal::chunk_size, 5 * seal::chunk_size + 12345}) {
    for (const std::size_t piece : {std::size_t{700}, seal::chunk_size, std::size_t{1} << 20U}) {
      CAPTURE(size, piece);
      const auto text = test::noise(size);
      const auto file = sealed(text, {first.recipient(), second.recipient()}, piece);
      CHECK((opened(file, first, piece) == text));
      CHECK((opened(file, second, piece) == text));
    }
  }
  const auto file = sealed("x", {first.recipient(), second.recipient()});
  const auto error = error_of([&] { opened(file, seal::Identity::generate()); });
  CHECK(error.kind() == util::ErrorKind::key);
}

TEST_CASE("two seals of one text have nothing in common") {
  const auto recipient = seal::Identity::generate().recipient();
  const auto one = sealed("the same", {recipient});
  const auto other = sealed("the same", {recipient});
  CHECK(one.substr(one.find("---")) != other.substr(other.find("---")));
}

TEST_CASE("not a byte passes that is not proven, wherever the file is changed or cut") {
  const auto identity = seal::Identity::generate();
  const auto text = test::noise(2 * seal::chunk_size + 500);
  const auto file = sealed(text, {identity.recipient()});
  const auto payload = file.size() - (text.size() + 3 * seal::ChaChaPoly::tag_size);
  const auto at = GENERATE_COPY(std::size_t{0}, std::size_t{30}, payload - 20, payload - 1, payload,
                                payload + 100, payload + seal::sealed_chunk_size - 1,
                                payload + seal::sealed_chunk_size, file.size() - 1);
  const bool cut = GENERATE(false, true);
  CAPTURE(at, payload, cut);
  auto damaged = file;
  if (cut) {
    damaged.resize(at);
  } else {
    damaged[at] ^= 1;
  }
  stream::StringSink plain;
  const auto error = error_of([&] {
    seal::UnsealSink unseal{plain, {{identity}, {}}};
    push(unseal, damaged, 1000);
  });
  // A change to a stanza may make it another's.
  CHECK((error.kind() == util::ErrorKind::damaged || error.kind() == util::ErrorKind::key));
  CHECK_FALSE(plain.finished());
  // Of a file that is cut behind a chunk, that chunk is not the last one it should be.
  auto whole = at < payload ? 0 : (at - payload) / seal::sealed_chunk_size;
  if (cut && at == payload + seal::sealed_chunk_size) whole = 0;
  CHECK((plain.text() == text.substr(0, whole * seal::chunk_size)));
}

TEST_CASE("white space comes before armor, and before no binary file, in whatever pieces") {
  const auto identity = seal::Identity::generate();
  const std::string file = " " + sealed("text", {identity.recipient()});
  for (const std::size_t piece : {std::size_t{1}, file.size()}) {
    CAPTURE(piece);
    stream::StringSink plain;
    seal::UnsealSink unseal{plain, {{identity}, {}}};
    seal::DearmorSink dearmor{unseal};
    const auto error = error_of([&] { push(dearmor, file, piece); });
    CHECK(error.kind() == util::ErrorKind::damaged);
    CHECK(plain.text().empty());
  }
}

TEST_CASE("a stage that is given up makes no file") {
  test::Recording recording;
  test::RecordingSink file{recording};
  {
    seal::SealSink seal{file, {seal::Identity::generate().recipient()}};
    seal.write(std::as_bytes(std::span{std::string_view{"half"}}));
  }
  CHECK(recording.aborted == 1);
  CHECK(recording.finished == 0);
}
