#include "stream/hash.hpp"

#include <catch2/catch.hpp>

#include "stream/sinks.hpp"
#include "support/recording_sink.hpp"
#include "util/error.hpp"

using namespace bkp::stream;
using namespace bkp::test;

TEST_CASE("MD5 gives the digests of RFC 1321, A.5") {
  CHECK(digests_of("").md5 == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(digests_of("a").md5 == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(digests_of("abc").md5 == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(digests_of("message digest").md5 == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(digests_of("abcdefghijklmnopqrstuvwxyz").md5 == "c3fcd3d76192e4007dfb496cca67e13b");
  CHECK(digests_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").md5 ==
        "d174ab98d277d9f5a5611c2c9f419d9f");
}

TEST_CASE("SHA-256 gives the digests of the FIPS 180 examples") {
  CHECK(digests_of("").sha256 ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digests_of("abc").sha256 ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digests_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq").sha256 ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("XXH3 gives what xxhsum -H2 gives, and nothing else is computed beside it") {
  const auto xxh3_of = [](std::string_view text) {
    NullSink null;
    HashSink hash{null, DigestSet::xxh3};
    for (const char& letter : text) hash.write(bytes_of(std::string_view{&letter, 1}));
    hash.finish();
    CHECK(hash.digests().sha256.empty());
    CHECK(hash.digests().bytes == text.size());
    return hash.digests().xxh3;
  };
  CHECK(xxh3_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(xxh3_of("abc") == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("a stream of a million a's, in uneven pieces, is the FIPS 180 long example") {
  NullSink null;
  HashSink hash{null};
  const std::string piece(99'999, 'a');
  for (int round = 0; round < 10; ++round) hash.write(bytes_of(piece));
  hash.write(bytes_of("aaaaaaaaaa"));
  hash.finish();
  CHECK(hash.digests().sha256 ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(hash.digests().md5 == "7707d6ae4e027c70eea2a935c2296f21");
  CHECK(hash.digests().bytes == 1'000'000);
}

TEST_CASE("hashing passes data on unchanged and agrees with hashing it in memory") {
  StringSink result;
  HashSink hash{result};
  const std::string text = noise(100'000);
  hash.write(bytes_of(text));
  hash.finish();
  CHECK(result.text() == text);
  CHECK(hash.digests() == digests_of(text));
}

TEST_CASE("there are no digests before the end") {
  NullSink null;
  HashSink hash{null};
  hash.write(bytes_of("a"));
  CHECK_THROWS_AS(hash.digests(), bkp::util::Error);
}
