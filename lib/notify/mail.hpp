#pragma once

#include <string>

#include "config/channels.hpp"

namespace bkp::notify {

/// The password of a mail server, the first line of a private file. Throws Error{key}.
std::string read_mail_password(const std::filesystem::path& file);

/// Hands a mail to the server of a channel (RFC 5321), with TLS unless that is off, and with the
/// channel's name and password if it has any. Throws Error{key}, Error{store}.
void send_mail(const config::MailWay& way, const std::optional<std::filesystem::path>& ca_file,
               const std::string& text);

}  // namespace bkp::notify
