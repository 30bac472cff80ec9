#include "util/base64.hpp"

#include <catch2/catch.hpp>

using namespace bkp::util;

namespace {

std::string encoded(std::string_view text, Base64Padding padding) {
  return to_base64(std::as_bytes(std::span{text}), padding);
}

}  // namespace

TEST_CASE("base 64 is that of RFC 4648, section 10") {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, code] : vectors) {
    CAPTURE(text);
    const auto bare = code.substr(0, code.find('='));
    CHECK(encoded(text, Base64Padding::present) == code);
    CHECK(encoded(text, Base64Padding::none) == bare);
    for (const auto& [given, padding] :
         {std::pair{code, Base64Padding::present}, std::pair{bare, Base64Padding::none}}) {
      const auto data = from_base64(given, padding);
      REQUIRE(data);
      CHECK(std::string{reinterpret_cast<const char*>(data->data()), data->size()} == text);
    }
  }
  const std::vector<std::byte> high(3, std::byte{0xff});
  CHECK(to_base64(high, Base64Padding::present) == "////");
}

TEST_CASE("what no encoder writes is refused") {
  for (const std::string code : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z",
                                 "Zm9v=", "====", "Zm\n9", "Zg==Zg==", "Zm-_", "Zm9v "}) {
    CAPTURE(code);
    CHECK_FALSE(from_base64(code, Base64Padding::present));
  }
  for (const std::string code : {"Zg==", "Z", "Zh", "Zm9", "Zm9v\n"}) {
    CAPTURE(code);
    CHECK_FALSE(from_base64(code, Base64Padding::none));
  }
}
