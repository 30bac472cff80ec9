#pragma once

#include <string>
#include <string_view>

#include "config/channels.hpp"
#include "notify/message.hpp"
#include "notify/wording.hpp"

namespace bkp::notify {

/// A mail (RFC 5322) with one plain text in UTF-8: lines end with CRLF. Mails about one problem
/// refer to each other, and say that a program has sent them (RFC 3834), so that no vacation
/// answers.
std::string mail_text(const Message& message, const Wording& wording, const config::MailWay& way);

/// For a line of a mail's head: as it is where it is printable ASCII, else encoded words (RFC 2047,
/// "B"), folded.
std::string head_text(std::string_view text);

/// Quoted-printable (RFC 2045, section 6.7), with CRLF for each line end.
std::string quoted_printable(std::string_view text);

}  // namespace bkp::notify
