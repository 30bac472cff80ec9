#include "s3/multipart.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "util/text.hpp"

namespace bkp::s3 {

namespace {

std::string_view without_quotes(std::string_view etag) {
  if (etag.starts_with('"')) etag.remove_prefix(1);
  if (etag.ends_with('"')) etag.remove_suffix(1);
  return etag;
}

}  // namespace

Multipart::Multipart(Client& client, const NewObject& object) : m_client{client}, m_object{object} {
  Request begin;
  begin.method = "POST";
  begin.key = object.bucket_key;
  begin.query = {{"uploads", ""}};
  begin.headers = object_headers(client, object);
  const auto response = client.send(begin);
  if (!response.ok()) throw failure(object.operation, client, response);
  auto id = parse_upload_id(response.body);
  if (!id) throw failure(object.operation, client, response);
  m_id = std::move(*id);
}

Request Multipart::request(const char* method) const {
  Request result;
  result.method = method;
  result.key = m_object.bucket_key;
  result.query = {{"uploadId", m_id}};
  return result;
}

void Multipart::upload_part(std::size_t number, std::span<const std::byte> body,
                            std::stop_token stop) {
  auto digests = body_digests(body);
  auto put = request("PUT");
  put.query.emplace_back("partNumber", std::to_string(number));
  put.headers = std::move(digests.headers);
  put.body = body;
  put.stop = std::move(stop);
  const auto response = m_client.send(put);
  if (!response.ok() || response.header("etag").empty())
    throw failure(m_object.operation, m_client, response);
  const std::lock_guard lock{m_mutex};
  if (m_parts.size() < number) m_parts.resize(number);
  m_parts[number - 1] = {std::string{response.header("etag")}, std::move(digests.md5), body.size()};
}

void Multipart::complete() {
  std::vector<std::string> etags;
  for (const auto& part : m_parts) etags.push_back(part.etag);
  const auto body = completion_body(etags);
  auto post = request("POST");
  post.headers = {{"content-type", "application/xml"}};
  post.body = std::as_bytes(std::span{body});
  // Some servers copy the parts together first.
  post.long_answer = true;

  // Servers may ignore the condition with which the upload is completed.
  require_absent(m_client, m_object);
  const auto response = m_client.send_if_none_match(post);
  // Where an answer was lost, or came too early, only a look at the object tells.
  const bool may_be_there = response.ok() || response.may_pass() || response.status == 412 ||
                            response.code() == "NoSuchUpload";
  const auto head = may_be_there ? own_object(m_client, m_object) : std::nullopt;
  if (head) return require_intact(*head);
  if (response.ok())
    throw m_object.operation.failed("it was completed, and yet it is not there",
                                    "did another run write the same name at the same time?");
  if (response.status == 412) throw m_object.operation.exists();
  throw failure(m_object.operation, m_client, response);
}

/// Whether it is an MD5 of MD5s with the number of parts, as S3 and most others make it.
bool Multipart::is_of_parts(std::string_view etag) const {
  constexpr std::size_t md5_digits = 32;
  return etag.substr(0, md5_digits).find_first_not_of("0123456789abcdef") == etag.npos &&
         etag.substr(std::min(md5_digits, etag.size())) == fmt::format("-{}", m_parts.size());
}

std::string Multipart::expected_etag() const {
  std::string digests;
  for (const auto& part : m_parts) {
    if (without_quotes(part.etag) != part.md5) return {};
    digests += util::from_hex(part.md5);
  }
  return fmt::format("{}-{}", stream::digests_of(digests).md5, m_parts.size());
}

void Multipart::require_intact(const ObjectHead& head) {
  std::uint64_t size = 0;
  for (const auto& part : m_parts) size += part.size;
  const auto expected = expected_etag();
  const auto etag = without_quotes(head.etag);
  const bool compared = !head.opaque_etag && !expected.empty() && is_of_parts(etag);
  if (head.size == size && (!compared || etag == expected))
    return require_locked(m_client, m_object, head);

  throw m_object.operation.failed(
      fmt::format("the server made {} bytes (ETag {}) of the {} bytes (ETag {}) it was sent; {}",
                  head.size, etag, size, expected, remove_own(m_client, m_object)),
      "look for damage where the service keeps its data");
}

void Multipart::abort() noexcept {
  try {
    auto remove = request("DELETE");
    remove.parting = true;
    m_client.send(remove);
  } catch (...) {
    // What remains is found by remove_unfinished().
  }
}

}  // namespace bkp::s3
