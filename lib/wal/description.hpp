#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "seal/signing.hpp"
#include "util/clock.hpp"

namespace bkp::wal {

/// What an archived file says of itself, at the head of its object (object.hpp): JSON, with keys as
/// the members, "format": "bkp-wal", "format_version": 1. Where the site signs, "signature" is the
/// Ed25519 signature (seal/signing.hpp), in base 64, of the same JSON without it, without white
/// space and with sorted keys. Readers refuse a newer format_version and ignore unknown keys.
struct Description {
  std::string site;
  std::string system_identifier;  ///< of the cluster, decimal
  std::string name;               ///< "000000010000000A000000FF"
  std::uint64_t original_bytes = 0;
  std::string original_xxh3;  ///< of the file as the server wrote it; 128 bits
  std::uint64_t payload_bytes = 0;
  std::string payload_sha256;  ///< of the bytes of the object that follow its head
  util::Time archived_at;
  std::string host;
  std::string bkp_version;
};

/// `key` may be null: then it is not signed.
std::string to_text(const Description& description, const seal::SigningKey* key);

/// Throws Error{damaged} saying what is wrong, without naming the object: for text that is no
/// description, and for one that `trusted` has not signed. Where there is no trusted key, what is
/// not signed is as good, and what is signed is refused. `ignore_signatures`: believed as it is.
Description parse_description(std::string_view text, const seal::TrustedKeys& trusted,
                              bool ignore_signatures);

}  // namespace bkp::wal
