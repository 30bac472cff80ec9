#include "store/s3_listing.hpp"

#include <utility>

namespace bkp::store {

namespace {

S3Pairs listing_query(const std::string& prefix) {
  S3Pairs query{{"list-type", "2"}, {"encoding-type", "url"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  return query;
}

util::Error does_not_get_on(const S3Operation& operation) {
  return operation.failed("the server's list goes round in a circle",
                          "is there a cache between? what it answers is not its own");
}

S3ListPage list_page(S3Client& client, const S3Operation& operation, S3Pairs query) {
  S3Request request;
  request.query = std::move(query);
  const auto response = client.send(request);
  if (!response.ok()) throw s3_failure(operation, client, response);
  auto page = parse_s3_listing(response.body);
  if (!page) throw s3_failure(operation, client, response);
  return std::move(*page);
}

}  // namespace

void s3_list(S3Client& client, const S3Operation& operation, const std::string& prefix,
             const std::string& delimiter, const std::function<void(S3ListPage&&)>& take) {
  std::string next;
  do {
    auto query = listing_query(prefix);
    if (!delimiter.empty()) query.emplace_back("delimiter", delimiter);
    if (!next.empty()) query.emplace_back("continuation-token", next);
    auto page = list_page(client, operation, std::move(query));
    if (!page.next.empty() && page.next == next) throw does_not_get_on(operation);
    next = page.next;
    take(std::move(page));
  } while (!next.empty());
}

std::vector<S3UploadsPage::Upload> s3_uploads(S3Client& client, const S3Operation& operation,
                                              const std::string& prefix) {
  std::vector<S3UploadsPage::Upload> result;
  S3UploadsPage page;
  do {
    S3Request request;
    // Not encoded, for radosgw does that here without saying so. Keys of a store need it not.
    request.query = {{"uploads", ""}, {"prefix", prefix}};
    if (page.more) {
      request.query.emplace_back("key-marker", page.next_key);
      if (!page.next_id.empty()) request.query.emplace_back("upload-id-marker", page.next_id);
    }
    const auto response = client.send(request);
    if (!response.ok()) throw s3_failure(operation, client, response);
    auto parsed = parse_s3_uploads(response.body);
    if (!parsed) throw s3_failure(operation, client, response);
    const bool same = page.more && parsed->more && parsed->next_key == page.next_key &&
                      parsed->next_id == page.next_id;
    if (same) throw does_not_get_on(operation);
    page = std::move(*parsed);
    for (auto& upload : page.uploads) result.push_back(std::move(upload));
  } while (page.more);
  return result;
}

void s3_require_bucket(S3Client& client, const S3Operation& operation, const std::string& prefix) {
  auto query = listing_query(prefix);
  query.emplace_back("max-keys", "1");
  list_page(client, operation, std::move(query));
}

}  // namespace bkp::store
