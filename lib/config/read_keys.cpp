#include <algorithm>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "seal/keys.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

std::string read_recipient(const Value& value) {
  const auto text = to_text(value);
  try {
    return seal::Recipient::parse(text).text();
  } catch (const util::Error& error) {
    value.fail(fmt::format("is wrong: {}", error.message()), error.hint());
  }
}

}  // namespace

Encryption read_encryption(const Section& top) {
  const auto section = top.section("encryption");
  Encryption result;
  if (const auto value = section.find("recipients")) {
    for (const auto& element : value->elements()) {
      auto recipient = read_recipient(element);
      if (std::ranges::find(result.recipients, recipient) != result.recipients.end())
        element.fail("is there twice", "remove one of them");
      result.recipients.push_back(std::move(recipient));
    }
  }
  if (const auto value = section.find("identity_files")) result.identity_files = to_paths(*value);
  return result;
}

Signing read_signing(const Section& top) {
  const auto section = top.section("signing");
  Signing result;
  if (const auto value = section.find("key_file")) result.key_file = to_path(*value);
  if (const auto value = section.find("trusted_keys")) result.trusted_keys = to_paths(*value);
  return result;
}

}  // namespace bkp::config
