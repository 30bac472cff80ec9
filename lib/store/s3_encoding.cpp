#include "store/s3_encoding.hpp"

#include <algorithm>

#include "store/url.hpp"

namespace bkp::store {

std::string s3_encoded(std::string_view text) {
  auto encoded = percent_encoded(text);
  for (auto slash = encoded.find('/'); slash != encoded.npos; slash = encoded.find('/', slash))
    encoded.replace(slash, 1, "%2F");
  return encoded;
}

std::string s3_encoded_path(std::string_view key) {
  return percent_encoded(key);
}

std::optional<std::string> s3_decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

}  // namespace bkp::store
