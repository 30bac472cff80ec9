#include "report/page_checksum.hpp"

#include <fmt/format.h>

#include "stream/hash.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

std::string last_line(std::string_view body, const store::Key& key) {
  return fmt::format("<!-- bkp: {} sha256:{} -->\n", key.text(), stream::digests_of(body).sha256);
}

}  // namespace

std::string with_checksum(const std::string& page, const store::Key& key) {
  return page + last_line(page, key);
}

std::optional<std::string> page_damage(store::Store& store, const store::Key& key) {
  try {
    const auto text = store::get_text(store, key);
    if (!text) return std::nullopt;
    const std::string_view page{*text};
    const auto end_of_body = page.size() < 2 ? page.npos : page.rfind('\n', page.size() - 2);
    const auto body = page.substr(0, end_of_body == page.npos ? 0 : end_of_body + 1);
    if (page.substr(body.size()) == last_line(body, key)) return std::nullopt;
    return fmt::format("the page {} is not as it was made", util::quoted(key.text()));
  } catch (const util::Error& error) {
    if (error.kind() != util::ErrorKind::damaged) throw;
    return error.message();
  }
}

}  // namespace bkp::report
