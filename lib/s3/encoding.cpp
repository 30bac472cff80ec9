#include "s3/encoding.hpp"

#include <algorithm>

#include "store/url.hpp"

namespace bkp::s3 {

std::string encoded(std::string_view text) {
  auto encoded = store::percent_encoded(text);
  for (auto slash = encoded.find('/'); slash != encoded.npos; slash = encoded.find('/', slash))
    encoded.replace(slash, 1, "%2F");
  return encoded;
}

std::string encoded_path(std::string_view key) {
  return store::percent_encoded(key);
}

std::optional<std::string> decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return store::percent_decoded(spaced);
}

}  // namespace bkp::s3
