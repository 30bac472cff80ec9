#include "notify/channel.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "notify/http.hpp"
#include "notify/mail.hpp"
#include "notify/mail_text.hpp"
#include "notify/wording.hpp"
#include "store/url.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using nlohmann::json;
using util::Error;

namespace {

/// By the channel's template, where it has one that can be used.
std::optional<Wording> words_of_template(const Message& message, const config::Channel& channel,
                                         Escape escape, util::Log& log) {
  if (!channel.template_file) return std::nullopt;
  try {
    return wording_of(message, channel, escape);
  } catch (const Error& error) {
    log.warning("channel {}: {}: the message goes out in bkp's own words",
                util::quoted(channel.name), error.full_message());
    return std::nullopt;
  }
}

/// In a block of code nothing is markup: neither Slack's nor that of those who speak like it.
std::string in_code_block(std::string text) {
  std::ranges::replace(text, '`', '\'');
  return fmt::format("```\n{}```", text);
}

std::string without_markup(std::string text) {
  constexpr std::string_view markup = "*`~[]@";
  std::erase_if(text, [&](char c) { return markup.find(c) != markup.npos; });
  return text;
}

std::string dumped(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A delivery by each way.
struct Delivery {
  const config::Channel& channel;
  const Message& message;
  util::Log& log;

  void operator()(const config::SlackWay& way) const {
    const auto words = words_of_template(message, channel, escaped_for_slack, log);
    const auto text = words
                          ? words->text
                          : escaped_for_slack(fmt::format("*{}*\n{}", without_markup(message.title),
                                                          in_code_block(text_of(message))));
    send(request_to(way.url_file, "application/json", dumped({{"text", text}})));
  }

  void operator()(const config::WebhookWay& way) const {
    const auto words = words_of_template(message, channel, escaped_for_json, log);
    auto request = request_to(way.url_file, "application/json",
                              words ? words->text : dumped(to_json(message)));
    if (way.header_file) request.headers = read_headers(*way.header_file);
    send(request);
  }

  void operator()(const config::MailWay& way) const {
    send_mail(way, channel.ca_file, mail_text(message, words(), way));
  }

  void operator()(const config::PingWay& way) const {
    const auto& suffix = message.kind == Kind::started  ? way.start
                         : message.kind == Kind::failed ? way.failure
                                                        : std::string{};
    auto request = request_to(way.url_file, "text/plain; charset=utf-8", words().text);
    request.url += suffix;
    send(request);
  }

 private:
  Post request_to(const std::filesystem::path& url_file, std::string content_type,
                  std::string body) const {
    return {read_url(url_file), std::move(content_type), std::move(body), {}, channel.ca_file};
  }
  Wording words() const {
    return words_of_template(message, channel, unescaped, log)
        .value_or(wording_of(message, unescaped));
  }
};

const std::filesystem::path& url_file_of(const config::Channel& channel) {
  if (const auto* const slack = std::get_if<config::SlackWay>(&channel.way)) return slack->url_file;
  if (const auto* const webhook = std::get_if<config::WebhookWay>(&channel.way))
    return webhook->url_file;
  return std::get<config::PingWay>(channel.way).url_file;
}

}  // namespace

void deliver(const config::Channel& channel, const Message& message, util::Log& log) {
  std::visit(Delivery{channel, message, log}, channel.way);
}

void require_usable(const config::Channel& channel) {
  if (const auto* const mail = std::get_if<config::MailWay>(&channel.way)) {
    if (mail->password_file) read_mail_password(*mail->password_file);
  } else {
    read_url(url_file_of(channel));
  }
  if (const auto* const webhook = std::get_if<config::WebhookWay>(&channel.way);
      webhook != nullptr && webhook->header_file)
    read_headers(*webhook->header_file);
  const bool to_webhook = std::holds_alternative<config::WebhookWay>(channel.way);
  wording_of(Message{}, channel, to_webhook ? escaped_for_json : unescaped);
}

bool is_open_to_listeners(const config::Channel& channel) {
  if (const auto* const mail = std::get_if<config::MailWay>(&channel.way)) {
    return mail->tls == config::MailTls::off && !store::is_loopback(store::url_host(mail->url));
  }
  const auto url = read_url(url_file_of(channel));
  return store::scheme_of(url) == "http" && !store::is_loopback(store::url_host(url));
}

bool can_deliver(const config::Channel& channel) {
  const auto* const mail = std::get_if<config::MailWay>(&channel.way);
  return mail == nullptr || !mail->url.empty();
}

}  // namespace bkp::notify
