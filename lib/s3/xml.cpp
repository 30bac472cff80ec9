#include "s3/xml.hpp"

#include <pugixml.hpp>

#include <sstream>

#include "s3/encoding.hpp"
#include "util/error.hpp"

namespace bkp::s3 {

namespace {

/// A document whose root element has this name.
class Document {
 public:
  Document(std::string_view xml, const char* root) {
    // Blanks before the declaration keep a connection alive while an upload is completed.
    const auto start = xml.find_first_not_of(" \t\r\n");
    if (start != xml.npos) xml.remove_prefix(start);
    if (m_document.load_buffer(xml.data(), xml.size())) m_root = m_document.child(root);
  }
  explicit operator bool() const { return !m_root.empty(); }
  const pugi::xml_node& root() const { return m_root; }
  std::string text(const char* name) const { return m_root.child_value(name); }
  /// A key, or a part of one, as the document encodes them.
  std::optional<std::string> key(const char* value) const {
    if (text("EncodingType") == "url") return decoded(value);
    return value;
  }

 private:
  pugi::xml_document m_document;
  pugi::xml_node m_root;
};

constexpr const char* xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

std::optional<util::Time> time_of(const pugi::xml_node& node, const char* name) {
  try {
    return util::parse_time(node.child_value(name));
  } catch (const util::Error&) {
    return std::nullopt;
  }
}

std::optional<store::ObjectInfo> object_of(const Document& document, const pugi::xml_node& node) {
  const auto key = document.key(node.child_value("Key"));
  const auto modified = time_of(node, "LastModified");
  if (!key || key->empty() || !node.child("Size") || !modified) return std::nullopt;
  return store::ObjectInfo{*key, node.child("Size").text().as_ullong(), *modified};
}

}  // namespace

std::optional<ErrorBody> parse_error(std::string_view xml) {
  const Document document{xml, "Error"};
  if (!document) return std::nullopt;
  return ErrorBody{document.text("Code"), document.text("Message"), document.text("Region"),
                   document.text("Endpoint"), document.text("ServerTime")};
}

std::optional<ListPage> parse_listing(std::string_view xml) {
  const Document document{xml, "ListBucketResult"};
  if (!document) return std::nullopt;
  ListPage page;
  for (const auto& node : document.root().children("Contents")) {
    auto object = object_of(document, node);
    if (!object) return std::nullopt;
    page.objects.push_back(std::move(*object));
  }
  for (const auto& node : document.root().children("CommonPrefixes")) {
    auto prefix = document.key(node.child_value("Prefix"));
    if (!prefix) return std::nullopt;
    page.prefixes.push_back(std::move(*prefix));
  }
  if (document.text("IsTruncated") == "true") {
    page.next = document.text("NextContinuationToken");
    if (page.next.empty()) return std::nullopt;
  }
  return page;
}

std::optional<std::string> parse_upload_id(std::string_view xml) {
  const Document document{xml, "InitiateMultipartUploadResult"};
  auto id = document.text("UploadId");
  if (id.empty()) return std::nullopt;
  return id;
}

std::optional<UploadsPage> parse_uploads(std::string_view xml) {
  const Document document{xml, "ListMultipartUploadsResult"};
  if (!document) return std::nullopt;
  UploadsPage page;
  for (const auto& node : document.root().children("Upload")) {
    auto key = document.key(node.child_value("Key"));
    std::string id = node.child_value("UploadId");
    if (!key || id.empty()) return std::nullopt;
    page.uploads.push_back({std::move(*key), std::move(id), time_of(node, "Initiated")});
  }
  page.more = document.text("IsTruncated") == "true";
  const auto next = document.key(document.root().child_value("NextKeyMarker"));
  if (!next || (page.more && next->empty())) return std::nullopt;
  page.next_key = *next;
  page.next_id = document.text("NextUploadIdMarker");
  return page;
}

std::string completion_body(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  auto root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = xml_namespace;
  unsigned number = 0;
  for (const auto& etag : etags) {
    auto part = root.append_child("Part");
    part.append_child("PartNumber").text() = ++number;
    part.append_child("ETag").text() = etag.c_str();
  }
  return text_of(document);
}

std::string deletion_body(std::span<const std::string> keys) {
  pugi::xml_document document;
  auto root = document.append_child("Delete");
  root.append_attribute("xmlns") = xml_namespace;
  root.append_child("Quiet").text() = true;
  for (const auto& key : keys) root.append_child("Object").append_child("Key").text() = key.c_str();
  return text_of(document);
}

std::optional<std::vector<std::string>> parse_undeleted(std::string_view xml) {
  const Document document{xml, "DeleteResult"};
  if (!document) return std::nullopt;
  std::vector<std::string> keys;
  for (const auto& node : document.root().children("Error"))
    keys.emplace_back(node.child_value("Key"));
  return keys;
}

}  // namespace bkp::s3
