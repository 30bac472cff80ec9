#include "notify/mail_text.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "util/base64.hpp"
#include "util/text.hpp"

namespace bkp::notify {

namespace {

// RFC 5322, section 2.1.1 wants lines of 78 at most.
constexpr std::size_t plain_limit = 60;
// An encoded word has 75 characters at most (RFC 2047, section 2), of which "=?UTF-8?B??=" are 12.
constexpr std::size_t bytes_of_word = 45;
// Of a line of quoted-printable, with the "=" that ends it.
constexpr std::size_t line_limit = 76;

bool is_plain(std::string_view text) {
  return text.size() <= plain_limit && text.find("=?") == text.npos &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// The longest beginning of at most `most` bytes that does not end within a character of UTF-8.
std::string_view whole_characters(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  auto end = most;
  while (end > 0 && continues(end)) --end;
  return text.substr(0, end == 0 ? most : end);
}

std::string_view domain_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

std::string date_text(Time time) {
  // RFC 5322, section 3.3. Nothing of it hangs on a locale.
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     std::chrono::time_point_cast<std::chrono::seconds>(time));
}

}  // namespace

std::string head_text(std::string_view text) {
  if (is_plain(text)) return std::string{text};
  std::string result;
  while (!text.empty()) {
    const auto word = whole_characters(text, bytes_of_word);
    text.remove_prefix(word.size());
    result +=
        fmt::format("{}=?UTF-8?B?{}?=", result.empty() ? "" : "\r\n ",
                    util::to_base64(std::as_bytes(std::span{word}), util::Base64Padding::present));
  }
  return result;
}

std::string quoted_printable(std::string_view text) {
  std::string result;
  for (const auto line : util::split_lines(text)) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      const bool last = i + 1 == line.size();
      // Blanks at the end of a line get lost on the way.
      const bool as_is = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !last);
      const auto sign =
          as_is ? std::string{c} : fmt::format("={:02X}", static_cast<unsigned char>(c));
      if (width + sign.size() > line_limit - 1) {
        result += "=\r\n";
        width = 0;
      }
      result += sign;
      width += sign.size();
    }
    result += "\r\n";
  }
  return result;
}

std::string mail_text(const Message& message, const Wording& wording, const config::MailWay& way) {
  const auto domain = domain_of(way.from);
  std::string text;
  const auto add = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{}: {}\r\n", name, value);
  };
  add("Date", date_text(message.at));
  add("From", fmt::format("<{}>", way.from));
  add("To", fmt::format("<{}>", fmt::join(way.to, ">,\r\n <")));
  add("Subject", head_text(util::printable(wording.headline)));
  add("Message-ID", fmt::format("<{}@{}>", message.id, domain));
  if (!message.thread.empty() && message.thread != message.id) {
    add("In-Reply-To", fmt::format("<{}@{}>", message.thread, domain));
    add("References", fmt::format("<{}@{}>", message.thread, domain));
  }
  add("Auto-Submitted", "auto-generated");
  if (message.severity == config::Severity::critical && message.kind != Kind::recovered)
    add("Importance", "high");
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=UTF-8");
  add("Content-Transfer-Encoding", "quoted-printable");
  return text + "\r\n" + quoted_printable(wording.text);
}

}  // namespace bkp::notify
