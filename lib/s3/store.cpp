#include "s3/store.hpp"

#include <algorithm>
#include <utility>

#include "s3/download.hpp"
#include "s3/listing.hpp"
#include "s3/object.hpp"
#include "s3/removal.hpp"
#include "s3/upload.hpp"

namespace bkp::s3 {

Store::Store(std::string_view url, const Options& options, const store::Seams& seams,
             const util::Clock& clock, const Patience& patience)
    : m_client{url, options, seams, clock, patience} {
  require_bucket(m_client, {"open", "", m_client.address().url()}, m_client.address().prefix);
}

Operation Store::operation(std::string_view verb, const store::Key& key) const {
  return {verb, key.text(), url()};
}

std::unique_ptr<stream::Sink> Store::create(const store::Key& key) {
  return std::make_unique<Upload>(m_client, NewObject{operation("create", key), bucket_key(key)});
}

bool Store::fetch(const store::Key& key, std::optional<store::ByteRange> range,
                  stream::Sink& sink) {
  return s3::fetch(m_client, operation("read", key), bucket_key(key), range, sink);
}

std::optional<store::ObjectInfo> Store::info(const Operation& what, const store::Key& key) {
  const auto head = head_of(m_client, what, bucket_key(key));
  if (!head) return std::nullopt;
  return store::ObjectInfo{key.text(), head->size, head->modified};
}

std::optional<store::ObjectInfo> Store::stat(const store::Key& key) {
  return info(operation("look up", key), key);
}

std::vector<store::ObjectInfo> Store::list(const store::Key& prefix) {
  const auto what = operation("list", prefix);
  const auto below = bucket_key(prefix) + "/";
  const auto before = below.size() - prefix.text().size() - 1;
  std::vector<store::ObjectInfo> result;
  // A list of what starts with the key itself would have all its neighbours too: "a1" beside "a".
  if (auto object = info(what, prefix)) result.push_back(std::move(*object));
  s3::list(m_client, what, below, "", [&](ListPage&& page) {
    for (auto& object : page.objects) {
      object.key.erase(0, before);
      // Others may have made what is no object of a store, "a/" for a folder.
      if (store::Key::is_valid(object.key)) result.push_back(std::move(object));
    }
  });
  std::sort(result.begin(), result.end(),
            [](const store::ObjectInfo& left, const store::ObjectInfo& right) {
              return left.key < right.key;
            });
  return result;
}

std::vector<std::string> Store::names(const store::Key& prefix) {
  const auto below = bucket_key(prefix) + "/";
  std::vector<std::string> result;
  const auto add = [&](std::string_view key) {
    if (key.ends_with('/')) key.remove_suffix(1);
    std::string name{key.substr(std::min(below.size(), key.size()))};
    if (store::Key::is_valid(name)) result.push_back(std::move(name));
  };
  s3::list(m_client, operation("list", prefix), below, "/", [&](const ListPage& page) {
    for (const auto& object : page.objects) add(object.key);
    for (const auto& common : page.prefixes) add(common);
  });
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool Store::remove(const store::Key& key) {
  const auto what = operation("remove", key);
  // DeleteObject answers the same whether there was something or not.
  if (!info(what, key)) return false;
  Request request;
  request.method = "DELETE";
  request.key = bucket_key(key);
  const auto response = m_client.send(request);
  // Somebody else may have been quicker.
  if (!response.ok() && response.code() != "NoSuchKey") throw failure(what, m_client, response);
  return true;
}

void Store::remove_all(const std::vector<store::Key>& keys) {
  std::vector<std::string> bucket_keys;
  for (const auto& key : keys) bucket_keys.push_back(bucket_key(key));
  const auto refused = remove_many(m_client, bucket_keys);
  // One by one, which tells what stands in the way of them.
  for (const auto index : refused) remove(keys[index]);
}

std::vector<UploadsPage::Upload> Store::uploads_below(const Operation& what,
                                                      const store::Key& prefix,
                                                      util::Time begun_before) {
  const auto own = bucket_key(prefix);
  auto found = uploads(m_client, what, own);
  std::erase_if(found, [&](const auto& upload) {
    const bool elsewhere = upload.key != own && !upload.key.starts_with(own + "/");
    const bool young =
        begun_before != store::whenever && upload.begun.value_or(store::whenever) >= begun_before;
    return elsewhere || young;
  });
  return found;
}

std::vector<std::string> Store::unfinished(const store::Key& prefix,
                                           const store::KeyTest& pass_over,
                                           util::Time begun_before) {
  const auto before = bucket_key(prefix).size() - prefix.text().size();
  const auto passed_over = [&](std::string_view key) {
    for (auto end = key.find('/'); end != key.npos; end = key.find('/', end + 1)) {
      if (pass_over(key.substr(0, end))) return true;
    }
    return pass_over(key);
  };
  std::vector<std::string> keys;
  for (const auto& upload : uploads_below(operation("list", prefix), prefix, begun_before)) {
    auto key = upload.key.substr(before);
    if (!passed_over(key)) keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> Store::remove_unfinished(const store::Key& prefix,
                                                  util::Time begun_before) {
  const auto what = operation("clean up", prefix);
  const auto before = bucket_key(prefix).size() - prefix.text().size();
  std::vector<std::string> removed;
  for (const auto& upload : uploads_below(what, prefix, begun_before)) {
    Request request;
    request.method = "DELETE";
    request.key = upload.key;
    request.query = {{"uploadId", upload.id}};
    const auto response = m_client.send(request);
    if (response.ok()) {
      removed.push_back(upload.key.substr(before));
    } else if (response.code() != "NoSuchUpload") {
      throw failure(what, m_client, response);
    }
  }
  return removed;
}

}  // namespace bkp::s3
