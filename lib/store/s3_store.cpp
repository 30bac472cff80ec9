#include "store/s3_store.hpp"

#include <algorithm>
#include <utility>

#include "store/s3_download.hpp"
#include "store/s3_listing.hpp"
#include "store/s3_object.hpp"
#include "store/s3_removal.hpp"
#include "store/s3_upload.hpp"

namespace bkp::store {

S3Store::S3Store(const Place& place, const Seams& seams, const util::Clock& clock,
                 const S3Patience& patience)
    : m_client{place, seams, clock, patience} {
  s3_require_bucket(m_client, {"open", "", url()}, m_client.address().prefix);
}

S3Operation S3Store::operation(std::string_view verb, const Key& key) const {
  return {verb, key.text(), url()};
}

std::unique_ptr<stream::Sink> S3Store::create(const Key& key) {
  return std::make_unique<S3Upload>(m_client,
                                    S3NewObject{operation("create", key), bucket_key(key)});
}

bool S3Store::fetch(const Key& key, std::optional<ByteRange> range, stream::Sink& sink) {
  return s3_fetch(m_client, operation("read", key), bucket_key(key), range, sink);
}

std::optional<ObjectInfo> S3Store::info(const S3Operation& what, const Key& key) {
  const auto head = s3_head(m_client, what, bucket_key(key));
  if (!head) return std::nullopt;
  return ObjectInfo{key.text(), head->size, head->modified};
}

std::optional<ObjectInfo> S3Store::stat(const Key& key) {
  return info(operation("look up", key), key);
}

std::vector<ObjectInfo> S3Store::list(const Key& prefix) {
  const auto what = operation("list", prefix);
  const auto below = bucket_key(prefix) + "/";
  const auto before = below.size() - prefix.text().size() - 1;
  std::vector<ObjectInfo> result;
  // A list of what starts with the key itself would have all its neighbours too: "a1" beside "a".
  if (auto object = info(what, prefix)) result.push_back(std::move(*object));
  s3_list(m_client, what, below, "", [&](S3ListPage&& page) {
    for (auto& object : page.objects) {
      object.key.erase(0, before);
      // Others may have made what is no object of a store, "a/" for a folder.
      if (Key::is_valid(object.key)) result.push_back(std::move(object));
    }
  });
  std::sort(result.begin(), result.end(),
            [](const ObjectInfo& left, const ObjectInfo& right) { return left.key < right.key; });
  return result;
}

std::vector<std::string> S3Store::names(const Key& prefix) {
  const auto below = bucket_key(prefix) + "/";
  std::vector<std::string> result;
  const auto add = [&](std::string_view key) {
    if (key.ends_with('/')) key.remove_suffix(1);
    std::string name{key.substr(std::min(below.size(), key.size()))};
    if (Key::is_valid(name)) result.push_back(std::move(name));
  };
  s3_list(m_client, operation("list", prefix), below, "/", [&](const S3ListPage& page) {
    for (const auto& object : page.objects) add(object.key);
    for (const auto& common : page.prefixes) add(common);
  });
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool S3Store::remove(const Key& key) {
  const auto what = operation("remove", key);
  // DeleteObject answers the same whether there was something or not.
  if (!info(what, key)) return false;
  S3Request request;
  request.method = "DELETE";
  request.key = bucket_key(key);
  const auto response = m_client.send(request);
  // Somebody else may have been quicker.
  if (!response.ok() && response.code() != "NoSuchKey") throw s3_failure(what, m_client, response);
  return true;
}

void S3Store::remove_all(const std::vector<Key>& keys) {
  std::vector<std::string> bucket_keys;
  for (const auto& key : keys) bucket_keys.push_back(bucket_key(key));
  const auto refused = s3_remove_many(m_client, bucket_keys);
  // One by one, which tells what stands in the way of them.
  for (const auto index : refused) remove(keys[index]);
}

std::size_t S3Store::remove_unfinished(const Key& prefix) {
  const auto what = operation("clean up", prefix);
  const auto own = bucket_key(prefix);
  std::size_t removed = 0;
  for (const auto& upload : s3_uploads(m_client, what, own)) {
    if (upload.key != own && !upload.key.starts_with(own + "/")) continue;
    S3Request request;
    request.method = "DELETE";
    request.key = upload.key;
    request.query = {{"uploadId", upload.id}};
    const auto response = m_client.send(request);
    if (response.ok()) {
      ++removed;
    } else if (response.code() != "NoSuchUpload") {
      throw s3_failure(what, m_client, response);
    }
  }
  return removed;
}

}  // namespace bkp::store
