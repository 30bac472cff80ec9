#include "notify/mail.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "net/easy.hpp"
#include "notify/patience.hpp"
#include "notify/secret_file.hpp"
#include "util/error.hpp"

namespace bkp::notify {

using util::Error;
using util::ErrorKind;

namespace {

std::string hint_of(CURLcode code) {
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return "see whether `user` and the password in password_file are right";
    case CURLE_USE_SSL_FAILED:
      return "the server offers no STARTTLS; write `tls: off` if the way to it can be trusted";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "name the certificate that signed the server's as ca_file";
    default:
      return "see whether it answers, and what its log says";
  }
}

}  // namespace

std::string read_mail_password(const std::filesystem::path& file) {
  const auto text = read_secret(file, "the password file");
  return text.substr(0, text.find_first_of("\r\n"));
}

void send_mail(const config::MailWay& way, const std::optional<std::filesystem::path>& ca_file,
               const std::string& text) {
  net::Easy easy{"smtp,smtps"};
  easy.set(CURLOPT_URL, way.url);
  easy.set(CURLOPT_USE_SSL,
           static_cast<long>(way.tls == config::MailTls::off ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (ca_file) easy.set(CURLOPT_CAINFO, ca_file->string());
  easy.set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs is not waited for
  // Somebody who has left must not keep it from the others.
  easy.set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  easy.set(CURLOPT_TIMEOUT, static_cast<long>(mail_limit.count()));
  if (way.password_file) {
    easy.set(CURLOPT_USERNAME, *way.user);
    easy.set(CURLOPT_PASSWORD, read_mail_password(*way.password_file));
  }
  easy.set(CURLOPT_MAIL_FROM, fmt::format("<{}>", way.from));
  std::vector<std::string> recipients;
  for (const auto& one : way.to) recipients.push_back(fmt::format("<{}>", one));
  easy.set_list(CURLOPT_MAIL_RCPT, recipients);
  easy.set(CURLOPT_UPLOAD, 1L);
  easy.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));

  std::string_view left = text;
  net::Callbacks callbacks;
  callbacks.read = [&](std::span<std::byte> room) {
    const auto size = std::min(room.size(), left.size());
    std::memcpy(room.data(), left.data(), size);
    left.remove_prefix(size);
    return size;
  };
  const util::Interrupt undisturbed;
  try {
    easy.perform(callbacks, undisturbed);
  } catch (const net::TransferError& error) {
    throw Error{ErrorKind::store, error.message(), hint_of(error.code())};
  }
}

}  // namespace bkp::notify
