#include "s3/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "s3/encoding.hpp"
#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result;
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data(),
           &size) == nullptr) {
    throw util::Error{util::ErrorKind::internal, "OpenSSL cannot compute an HMAC of SHA-256"};
  }
  return {reinterpret_cast<const char*>(result.data()), size};
}

/// Blanks around a value do not count, and several in a row count as one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char letter : value) {
    if (letter != ' ' || (!out.empty() && out.back() != ' ')) out += letter;
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

Pairs sorted(Pairs pairs) {
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

}  // namespace

std::string encoded_query(const Pairs& query) {
  Pairs pairs;
  for (const auto& [name, value] : query) pairs.emplace_back(encoded(name), encoded(value));
  std::string out;
  for (const auto& [name, value] : sorted(std::move(pairs))) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  }
  return out;
}

std::string authorization_header(const Signable& request, const Credentials& credentials,
                                 std::string_view region, util::Time time) {
  std::string head;
  std::string names;
  for (const auto& [name, value] : sorted(request.headers)) {
    head += fmt::format("{}:{}\n", name, trimmed(value));
    names += fmt::format("{}{}", names.empty() ? "" : ";", name);
  }
  const auto canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                  encoded_query(request.query), head, names, request.body_sha256);

  const auto stamp = util::format_compact(time);
  const auto day = stamp.substr(0, 8);
  const auto scope = fmt::format("{}/{}/s3/aws4_request", day, region);
  const auto to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, scope,
                                   stream::digests_of(canonical).sha256);
  const auto key =
      hmac(hmac(hmac(hmac("AWS4" + credentials.secret_key, day), region), "s3"), "aws4_request");
  const auto signature = hmac(key, to_sign);
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                     credentials.access_key, scope, names,
                     util::to_hex(std::as_bytes(std::span{signature})));
}

}  // namespace bkp::s3
