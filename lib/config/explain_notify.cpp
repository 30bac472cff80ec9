#include "config/explain_notify.hpp"

namespace bkp::config {

namespace {

std::string file(std::string_view key, const std::filesystem::path& path) {
  return fmt::format("{}: {}", key, path_text(path));
}

std::string text_of(const SlackWay& way) {
  return fmt::format("{{{}}}", file("url_file", way.url_file));
}

std::string text_of(const WebhookWay& way) {
  auto text = file("url_file", way.url_file);
  if (way.header_file) text += ", " + file("header_file", *way.header_file);
  return fmt::format("{{{}}}", text);
}

std::string text_of(const MailWay& way) {
  auto text =
      fmt::format("url: {}, from: {}, to: {}", quote(way.url), quote(way.from), list(way.to));
  if (way.user) text += fmt::format(", user: {}", quote(*way.user));
  if (way.password_file) text += ", " + file("password_file", *way.password_file);
  return fmt::format("{{{}, tls: {}}}", text, way.tls == MailTls::off ? "off" : "required");
}

std::string text_of(const PingWay& way) {
  return fmt::format("{{{}, start: {}, failure: {}}}", file("url_file", way.url_file),
                     quote(way.start), quote(way.failure));
}

constexpr std::array<std::string_view, 4> names_of_ways{"slack", "webhook", "smtp", "ping"};

void write_channel(Writer& writer, const Channel& channel) {
  writer.element("name", quote(channel.name));
  writer.key(names_of_ways.at(channel.way.index()),
             std::visit([](const auto& way) { return text_of(way); }, channel.way));
  if (channel.is_ping()) {
    writer.unset("on", "called for every run, however it ends");
  } else {
    std::vector<std::string> topics;
    for (const auto topic : channel.on) topics.push_back(to_text(topic));
    writer.key("on", list(topics));
    writer.key("severity", to_text(channel.severity), "nothing below it");
  }
  if (channel.commands.empty()) {
    writer.unset("commands", "of all commands");
  } else {
    writer.key("commands", list(channel.commands));
  }
  writer.optional("template_file", channel.template_file, path_text, "bkp's own words");
  writer.optional("ca_file", channel.ca_file, path_text, "the system's certificates");
  writer.end_element();
}

}  // namespace

void write_notify(Writer& writer, const Notify& notify) {
  writer.section("notify", "Who is told of what.");
  writer.key("remind_after", duration(notify.remind_after),
             "and again after twice as long each time, a day at most");
  if (notify.channels.empty()) {
    writer.unset("channels", "none: nobody is told");
    return;
  }
  writer.key("channels", "");
  for (const auto& channel : notify.channels) write_channel(writer, channel);
}

}  // namespace bkp::config
