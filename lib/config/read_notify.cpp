#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "config/sections.hpp"
#include "store/url.hpp"
#include "util/text.hpp"

namespace bkp::config {

namespace {

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 5> topics{"failure", "recovered", "capacity", "success",
                                                 "summary"};
constexpr std::array<std::string_view, 3> severities{"info", "warning", "critical"};
constexpr std::array<std::string_view, 2> tls_choices{"required", "off"};
constexpr std::array<std::string_view, 4> ways{"slack", "webhook", "smtp", "ping"};

template <class Enum>
std::optional<Enum> enum_from(std::string_view text, Names names) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <class Enum>
Enum to_enum(const Value& value, Names names) {
  const auto text = to_text(value);
  if (const auto found = enum_from<Enum>(text, names)) return *found;
  value.fail(fmt::format("must not be {}", util::quoted(text)),
             fmt::format("write one of {}", fmt::join(names, ", ")));
}

/// Blanks and control characters.
bool has_unfit(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

/// What becomes a line of a mail's head, or of a dialogue with its server.
std::string to_address(const Value& value) {
  auto text = to_text(value);
  if (text.find('@') == text.npos || has_unfit(text) || text.find_first_of("<>,;\"") != text.npos) {
    value.fail(fmt::format("is no address of mail: {}", util::quoted(text)),
               "write it without name and brackets: ops@example.org");
  }
  return text;
}

std::filesystem::path url_file(const Section& section) {
  return to_path(
      section.require("url_file",
                      "name a private file that holds the URL and nothing else: whoever has it can "
                      "write to the channel"));
}

SlackWay read_slack(const Section& section) {
  return {url_file(section)};
}

WebhookWay read_webhook(const Section& section) {
  return {url_file(section), find_path(section, "header_file")};
}

constexpr auto mail_url_hint = "write smtp://HOST, smtp://HOST:587 or smtps://HOST";

store::UrlParts require_mail_url(const Value& value, const std::string& url) {
  const auto parts = store::split_url(url);
  if (!parts || (parts->scheme != "smtp" && parts->scheme != "smtps") ||
      store::url_host(url).empty() || has_unfit(url) ||
      !(parts->path.empty() || parts->path == "/")) {
    value.fail("is no URL of a mail server", mail_url_hint);
  }
  return *parts;
}

/// What of a channel of mail hangs on its URL.
void read_mail_url(const Section& section, const ConnectionSeams& seams, MailWay& mail) {
  const auto value = section.require("url", mail_url_hint);
  // A text that stands there costs nothing to read.
  if (seams.connections == Connections::left_out && value.node.IsMap()) return;
  mail.url = resolved(value, seams);
  const auto parts = require_mail_url(value, mail.url);
  if (store::url_password(mail.url)) {
    value.fail("has a password in it",
               "put it into a private file of its own, and name that as password_file");
  }
  if (const auto at = parts.authority.rfind('@'); at != parts.authority.npos)
    mail.user = store::percent_decoded(parts.authority.substr(0, at));
  // What goes no further than this host needs none, and relays there seldom have a certificate.
  if (store::is_loopback(store::url_host(mail.url)) && parts.scheme == "smtp")
    mail.tls = MailTls::off;
}

MailWay read_mail(const Section& section, const ConnectionSeams& seams) {
  MailWay mail;
  read_mail_url(section, seams, mail);
  mail.from = to_address(section.require("from", "write who it is from: `from: bkp@example.org`"));
  const auto to = section.require("to", "write who it is for: `to: [ops@example.org]`");
  for (const auto& one : to.elements()) mail.to.push_back(to_address(one));
  if (mail.to.empty()) to.fail("names nobody", "write who it is for: [ops@example.org]");
  if (const auto value = section.find("user")) mail.user = non_empty_text(*value);
  mail.password_file = find_path(section, "password_file");
  if (mail.password_file && !mail.user) mail.user = mail.from;
  if (const auto value = section.find("tls")) mail.tls = to_enum<MailTls>(*value, tls_choices);
  return mail;
}

/// "/fail", "?state=fail" or nothing.
std::string read_suffix(const Section& section, std::string_view key, std::string fallback) {
  const auto value = section.find(key);
  if (!value) return fallback;
  auto text = to_text(*value);
  if (has_unfit(text) || !(text.empty() || text.front() == '/' || text.front() == '?')) {
    value->fail(fmt::format("cannot stand behind the URL: {}", util::quoted(text)),
                "write what is added to it, \"/fail\" or \"?state=fail\"; \"\": it is not called");
  }
  return text;
}

PingWay read_ping(const Section& section) {
  PingWay ping{url_file(section)};
  ping.start = read_suffix(section, "start", ping.start);
  ping.failure = read_suffix(section, "failure", ping.failure);
  return ping;
}

void read_way(const Section& section, const ConnectionSeams& seams, Channel& channel) {
  std::vector<std::string_view> named;
  for (const auto way : ways) {
    if (section.find(way)) named.push_back(way);
  }
  if (named.size() != 1) {
    section.document().fail_at(
        section.line(),
        fmt::format("{} must have exactly one of {}", section.path(), fmt::join(ways, ", ")),
        "say how this channel is reached, and make a channel of its own for each other way");
  }
  const auto way = section.section(named.front());
  if (named.front() == "slack") channel.way = read_slack(way);
  if (named.front() == "webhook") channel.way = read_webhook(way);
  if (named.front() == "smtp") channel.way = read_mail(way, seams);
  if (named.front() == "ping") channel.way = read_ping(way);
}

void read_topics(const Section& section, Channel& channel) {
  const auto value = section.find("on");
  if (channel.is_ping()) {
    if (value) {
      value->fail("is not for a ping",
                  "it is called for every run of its `commands`, whatever "
                  "becomes of it; remove the key");
    }
    return;
  }
  if (!value) {
    channel.on = {Topic::failure, Topic::recovered, Topic::capacity};
    return;
  }
  for (const auto& one : value->elements()) channel.on.push_back(to_enum<Topic>(one, topics));
  if (channel.on.empty())
    value->fail("names nothing", "remove the key to be told of what is wrong");
}

Channel read_channel(const Section& section, const ConnectionSeams& seams) {
  Channel channel;
  channel.line = section.line();
  const auto name = section.require("name", "name the channel, e.g. `name: ops`");
  channel.name = to_text(name);
  // It is typed: bkp notify test NAME.
  require_no_problem(name, problem_with_store_name(channel.name));
  read_way(section, seams, channel);
  read_topics(section, channel);
  if (const auto value = section.find("severity"))
    channel.severity = to_enum<Severity>(*value, severities);
  if (channel.is_ping()) channel.commands = {"full"};
  if (const auto value = section.find("commands")) channel.commands = to_texts(*value);
  channel.template_file = find_path(section, "template_file");
  channel.ca_file = find_path(section, "ca_file");
  return channel;
}

}  // namespace

std::string to_text(Topic topic) {
  return std::string{topics.at(static_cast<std::size_t>(topic))};
}

std::string to_text(Severity severity) {
  return std::string{severities.at(static_cast<std::size_t>(severity))};
}

std::optional<Topic> topic_from(std::string_view text) {
  return enum_from<Topic>(text, topics);
}

std::optional<Severity> severity_from(std::string_view text) {
  return enum_from<Severity>(text, severities);
}

bool Notify::wants(Topic topic) const {
  return std::ranges::any_of(channels, [&](const Channel& channel) {
    return std::ranges::find(channel.on, topic) != channel.on.end();
  });
}

Notify read_notify(const Section& top, const ConnectionSeams& seams) {
  const auto section = top.section("notify");
  Notify result;
  if (const auto value = section.find("remind_after")) result.remind_after = to_duration(*value);
  for (const auto& one : section.sections("channels")) {
    auto channel = read_channel(one, seams);
    if (std::ranges::find(result.channels, channel.name, &Channel::name) != result.channels.end()) {
      one.require("name", "")
          .fail(fmt::format("is there twice: {}", util::quoted(channel.name)),
                "name each differently");
    }
    result.channels.push_back(std::move(channel));
  }
  return result;
}

}  // namespace bkp::config
