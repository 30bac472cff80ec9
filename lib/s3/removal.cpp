#include "s3/removal.hpp"

#include <algorithm>
#include <set>
#include <span>

#include "s3/put.hpp"
#include "s3/xml.hpp"

namespace bkp::s3 {

namespace {

constexpr std::size_t most_at_once = 1000;

/// Those that are left; nullopt when nothing is known of any.
std::optional<std::set<std::string>> remove_some(Client& client,
                                                 std::span<const std::string> keys) {
  const auto body = deletion_body(keys);
  Request request;
  request.method = "POST";
  request.query = {{"delete", ""}};
  request.body = std::as_bytes(std::span{body});
  request.headers = body_digests(request.body).headers;
  request.headers.emplace_back("content-type", "application/xml");
  const auto response = client.send(request);
  if (!response.ok()) return std::nullopt;
  const auto left = parse_undeleted(response.body);
  const auto asked = [&](const std::string& key) {
    return std::ranges::find(keys, key) != keys.end();
  };
  // An error that cannot be told to whom it belongs is one about each.
  if (!left || !std::ranges::all_of(*left, asked)) return std::nullopt;
  return std::set<std::string>{left->begin(), left->end()};
}

}  // namespace

std::vector<std::size_t> remove_many(Client& client, const std::vector<std::string>& bucket_keys) {
  std::vector<std::size_t> result;
  for (std::size_t first = 0; first < bucket_keys.size(); first += most_at_once) {
    const auto count = std::min(most_at_once, bucket_keys.size() - first);
    const auto left = remove_some(client, std::span{bucket_keys}.subspan(first, count));
    for (std::size_t index = first; index < first + count; ++index)
      if (!left || left->contains(bucket_keys[index])) result.push_back(index);
  }
  return result;
}

}  // namespace bkp::s3
