// What stores beyond this host are told by others: the first byte chooses who speaks.
#include <algorithm>

#include <fmt/format.h>

#include "fuzz/fuzz.hpp"
#include "s3/credentials_text.hpp"
#include "s3/xml.hpp"
#include "sftp/known_hosts.hpp"
#include "support/bytes.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

using namespace bkp;

namespace {

void check_known_hosts(const std::string& text) {
  using Verdict = sftp::HostKeyVerdict;
  constexpr std::string_view name = "[backup.example]:2222";
  constexpr std::string_view type = "ssh-ed25519";
  const auto key =
      test::bytes_of(std::string_view{"\0\0\0\x0bssh-ed25519\0\0\0\x20"
                                      "0123456789abcdef0123456789abcdef",
                                      51});
  const auto answer = sftp::KnownHosts{text}.check(name, key);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  fuzz::require((answer.line == 0) == (answer.verdict == Verdict::unknown) && answer.line <= lines,
                "a verdict other than unknown has a line");

  const auto line = sftp::known_hosts_line(name, key);
  const sftp::KnownHosts with{fmt::format("{}{}\n", text, line)};
  fuzz::require(with.check(name, key).verdict ==
                    (answer.verdict == Verdict::revoked ? Verdict::revoked : Verdict::known),
                "a host whose line is added is known, unless it is revoked");
  const auto types = with.key_types(name);
  fuzz::require(std::ranges::find(types, type) != types.end(), "its type of key is known");
  fuzz::require(
      sftp::KnownHosts{fmt::format("{}@revoked {}\n", text, line)}.check(name, key).verdict ==
          Verdict::revoked,
      "a revocation is final");
  // Taken as a key.
  sftp::known_hosts_line(name, test::bytes_of(text));
}

void check_xml(std::string_view text) {
  s3::parse_error(text);
  if (const auto id = s3::parse_upload_id(text)) fuzz::require(!id->empty(), "an upload has an id");
  if (const auto keys = s3::parse_undeleted(text)) s3::deletion_body(*keys);
  if (const auto page = s3::parse_uploads(text)) {
    fuzz::require(!page->more || !page->next_key.empty(), "there is a place to go on from");
    for (const auto& upload : page->uploads) fuzz::require(!upload.id.empty(), "uploads have ids");
  }
  if (const auto page = s3::parse_listing(text)) {
    for (const auto& object : page->objects)
      fuzz::require(!object.key.empty(), "objects have keys");
  }
}

/// `parse` of what is no credentials throws an error of the key; what it takes is not empty.
template <class Parse>
void check_credentials(Parse parse) {
  try {
    const s3::Credentials credentials = parse();
    fuzz::require(!credentials.access_key.empty() && !credentials.secret_key.empty(),
                  "credentials are whole");
  } catch (const util::Error& error) {
    fuzz::require(error.kind() == util::ErrorKind::key, "no credentials are an error of the key");
  }
}

void check_credentials_file(std::string_view text) {
  check_credentials([&] { return s3::parse_credentials_file(text, "default"); });
  // The last that is said of a profile counts.
  const auto credentials = s3::parse_credentials_file(
      fmt::format("{}\n[default]\naws_access_key_id=a\naws_secret_access_key = b=\n", text),
      "default");
  fuzz::require(credentials.access_key == "a" && credentials.secret_key == "b=",
                "credentials that are added are found");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text_of(data + 1, size - 1);
  switch (data[0]) {
    case 'h':
      // A last line without its end would become another one by what is added.
      check_known_hosts(std::string{text} + '\n');
      break;
    case 'x':
      check_xml(text);
      break;
    case 'f':
      check_credentials_file(text);
      break;
    case 'j':
      check_credentials([&] { return s3::parse_process_credentials(text); });
      check_credentials([&] { return s3::parse_instance_credentials(text); });
      break;
    default:
      // So that not one of them gets most of the inputs.
      return -1;
  }
  return 0;
}
