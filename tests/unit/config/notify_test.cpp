#include "config_test.hpp"

namespace bkp::config {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Channel only_channel(const std::string& more) {
  const auto config =
      parse_text(with_store("notify:\n  channels:\n    - {name: ops, " + more + "}\n"));
  REQUIRE(config.notify.channels.size() == 1);
  return config.notify.channels.front();
}

}  // namespace

TEST_CASE("without channels nobody is told") {
  CHECK(parse_text(with_store("")).notify == Notify{});
  CHECK(parse_text(with_store("notify: {remind_after: 2h}\n")).notify.remind_after == 2h);
}

TEST_CASE("a channel is told of what is wrong, unless it asks for something else") {
  const auto slack = only_channel("slack: {url_file: /etc/bkp/slack}");
  CHECK(slack.way == decltype(slack.way){SlackWay{"/etc/bkp/slack"}});
  CHECK(slack.on == std::vector<Topic>{Topic::failure, Topic::recovered, Topic::capacity});
  CHECK(slack.severity == Severity::info);
  CHECK(slack.commands.empty());
  const auto webhook = only_channel(
      "webhook: {url_file: /u, header_file: /h}, on: [summary, success], severity: warning, "
      "commands: [full, incr], template_file: /t, ca_file: /c");
  CHECK(webhook.way == decltype(webhook.way){WebhookWay{"/u", "/h"}});
  CHECK(webhook.on == std::vector<Topic>{Topic::summary, Topic::success});
  CHECK(webhook.severity == Severity::warning);
  CHECK(webhook.commands == std::vector<std::string>{"full", "incr"});
  CHECK(webhook.template_file == "/t");
  CHECK(webhook.ca_file == "/c");
}

TEST_CASE("a ping is for full backups, unless it names other commands") {
  const auto ping = only_channel("ping: {url_file: /u}");
  CHECK(ping.is_ping());
  CHECK(ping.on.empty());
  CHECK(ping.commands == std::vector<std::string>{"full"});
  const auto other = only_channel(
      "ping: {url_file: /u, start: \"\", failure: \"?s=f\"}, "
      "commands: [schedule]");
  CHECK(other.way == decltype(other.way){PingWay{"/u", "", "?s=f"}});
  CHECK(other.commands == std::vector<std::string>{"schedule"});
}

TEST_CASE("mail asks for TLS but on its own host, and has a user where it has a password") {
  const auto mail_of = [](const std::string& url, const std::string& more = "") {
    const auto channel =
        only_channel("smtp: {url: \"" + url + "\", from: a@b, to: [c@d]" + more + "}");
    return std::get<MailWay>(channel.way);
  };
  CHECK(mail_of("smtp://mail:587").tls == MailTls::required);
  CHECK(mail_of("smtp://mail:587", ", tls: off").tls == MailTls::off);
  CHECK(mail_of("smtp://localhost").tls == MailTls::off);
  CHECK(mail_of("smtp://[::1]:25").tls == MailTls::off);
  CHECK(mail_of("smtps://localhost").tls == MailTls::required);
  CHECK(mail_of("smtp://localhost.evil.example").tls == MailTls::required);
  CHECK_FALSE(mail_of("smtp://mail").user);
  CHECK(mail_of("smtp://mail", ", password_file: /p").user == "a@b");
  CHECK(mail_of("smtp://me%40x@mail", ", password_file: /p").user == "me@x");
  CHECK(mail_of("smtp://mail", ", password_file: /p, user: u").user == "u");
}

TEST_CASE("where no server is talked to, the mail server's secret is left alone") {
  FakeRunner processes;
  const auto config =
      parse(with_store("notify: {channels: [{name: m, smtp: {url: {command: [pass]}, from: a@b, "
                       "to: [c@d]}}]}\n"),
            "bkp.yaml", test_environment(), processes, Connections::left_out);
  CHECK(std::get<MailWay>(config.notify.channels.front().way).url.empty());
  CHECK(processes.started.empty());
}

TEST_CASE("what a channel cannot be is said with its line") {
  struct Case {
    std::string channel;
    std::string message;
    std::string hint;
  };
  const std::string smtp = "smtp: {from: a@b, to: [c@d], url: ";
  const auto [channel, message, hint] = GENERATE_COPY(values<Case>({
      {"on: [failure]", "bkp.yaml:7: notify.channels[0] must have exactly one of slack, webhook",
       "for each other way"},
      {"slack: {url_file: /a}, ping: {url_file: /b}", "must have exactly one of", ""},
      {"slack: {}", "slack.url_file is missing", "private file"},
      {"slack: {url_file: /a}, on: [sucess]", "on[0] must not be \"sucess\"",
       "recovered, capacity"},
      {"slack: {url_file: /a}, on: []", "on names nothing", ""},
      {"slack: {url_file: /a}, severity: high", "must not be \"high\"", "info, warning, critical"},
      {"ping: {url_file: /a}, on: [failure]", "on is not for a ping", "commands"},
      {"ping: {url_file: /a, start: begin}", "cannot stand behind the URL", "\"/fail\""},
      {smtp + "\"http://mail\"}", "is no URL of a mail server", "smtp://HOST"},
      {smtp + "\"smtp://\"}", "is no URL of a mail server", "smtp://HOST"},
      {smtp + "\"smtp://mail/path\"}", "is no URL of a mail server", "smtp://HOST"},
      {smtp + "\"smtp://u:p@mail\"}", "has a password in it", "password_file"},
      {smtp + "\"smtp://mail\", tls: maybe}", "must not be \"maybe\"", "required, off"},
      {"smtp: {url: \"smtp://m\", from: \"a b@c\", to: [c@d]}", "is no address of mail", "ops@"},
      {"smtp: {url: \"smtp://m\", from: \"a@b\\nBcc: x@y\", to: [c@d]}", "is no address of mail",
       ""},
      {"smtp: {url: \"smtp://m\", from: a@b, to: []}", "names nobody", ""},
  }));
  const auto error =
      parse_error(with_store("notify:\n  channels:\n    - {name: ops, " + channel + "}\n"));
  CAPTURE(channel, error.message(), error.hint());
  CHECK_THAT(error.message(), Contains(message));
  CHECK_THAT(error.hint(), Contains(hint));
}

TEST_CASE("two channels of one name, and one without, are refused") {
  const auto error =
      parse_error(with_store("notify: {channels: [{name: a, slack: {url_file: /x}}, {name: a, "
                             "slack: {url_file: /y}}]}\n"));
  CHECK_THAT(error.message(), Contains("is there twice: \"a\""));
  CHECK_THAT(parse_error(with_store("notify: {channels: [{slack: {url_file: /x}}]}\n")).message(),
             Contains("name is missing"));
}

TEST_CASE("the explanation of channels reads back as the same") {
  const auto yaml = with_store(
      "notify:\n  remind_after: 2h\n  channels:\n"
      "    - {name: a, slack: {url_file: /x}, on: [failure]}\n"
      "    - {name: b, webhook: {url_file: /x, header_file: /h}, severity: critical}\n"
      "    - {name: c, smtp: {url: \"smtp://m:587\", from: a@b, to: [c@d, e@f], user: u, "
      "password_file: /p, tls: off}, template_file: /t}\n"
      "    - {name: d, ping: {url_file: /x, failure: \"\"}, ca_file: /c}\n");
  auto config = parse_text(yaml);
  auto again = parse_text(explain(config));
  for (auto* const one : {&config, &again}) {
    for (auto& channel : one->notify.channels) channel.line = 0;
  }
  CHECK(again.notify == config.notify);
}

}  // namespace bkp::config
