#include "s3/listing.hpp"

#include <utility>

namespace bkp::s3 {

namespace {

Pairs listing_query(const std::string& prefix) {
  Pairs query{{"list-type", "2"}, {"encoding-type", "url"}};
  if (!prefix.empty()) query.emplace_back("prefix", prefix);
  return query;
}

util::Error does_not_get_on(const Operation& operation) {
  return operation.failed("the server's list goes round in a circle",
                          "is there a cache between? what it answers is not its own");
}

ListPage list_page(Client& client, const Operation& operation, Pairs query) {
  Request request;
  request.query = std::move(query);
  const auto response = client.send(request);
  if (!response.ok()) throw failure(operation, client, response);
  auto page = parse_listing(response.body);
  if (!page) throw failure(operation, client, response);
  return std::move(*page);
}

}  // namespace

void list(Client& client, const Operation& operation, const std::string& prefix,
          const std::string& delimiter, const std::function<void(ListPage&&)>& take) {
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

std::vector<UploadsPage::Upload> uploads(Client& client, const Operation& operation,
                                         const std::string& prefix) {
  std::vector<UploadsPage::Upload> result;
  UploadsPage page;
  do {
    Request request;
    // Not encoded, for radosgw does that here without saying so. Keys of a store need it not.
    request.query = {{"uploads", ""}, {"prefix", prefix}};
    if (page.more) {
      request.query.emplace_back("key-marker", page.next_key);
      if (!page.next_id.empty()) request.query.emplace_back("upload-id-marker", page.next_id);
    }
    const auto response = client.send(request);
    if (!response.ok()) throw failure(operation, client, response);
    auto parsed = parse_uploads(response.body);
    if (!parsed) throw failure(operation, client, response);
    const bool same = page.more && parsed->more && parsed->next_key == page.next_key &&
                      parsed->next_id == page.next_id;
    if (same) throw does_not_get_on(operation);
    page = std::move(*parsed);
    for (auto& upload : page.uploads) result.push_back(std::move(upload));
  } while (page.more);
  return result;
}

void require_bucket(Client& client, const Operation& operation, const std::string& prefix) {
  auto query = listing_query(prefix);
  query.emplace_back("max-keys", "1");
  list_page(client, operation, std::move(query));
}

}  // namespace bkp::s3
