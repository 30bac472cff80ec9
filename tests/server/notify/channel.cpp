// Messages to a real HTTP listener and a real mail server, and what those do wrong.
#include "notify/channel.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/error_of.hpp"
#include "support/listeners.hpp"
#include "support/recorded_log.hpp"
#include "support/temporary_directory.hpp"
#include "util/error.hpp"

namespace bkp::notify {

using Catch::Matchers::Contains;
using test::HttpListener;
using test::MailListener;
using util::ErrorKind;

namespace {

Message message() {
  Message result;
  result.id = "0b7f6a3e-0000-4000-8000-000000000001";
  result.kind = Kind::problem;
  result.severity = config::Severity::critical;
  result.site = "studio";
  result.host = "db1";
  result.subject = "full";
  result.title = "bkp full failed";
  result.what = "<!channel> no space in \"größe\" & more";
  result.at = util::parse_time("2026-11-21T05:04:00Z");
  return result;
}

/// Channels with files of their own.
struct Channels {
  test::TemporaryDirectory directory;
  test::RecordedLog log;

  std::filesystem::path secret(const std::string& name, const std::string& text) const {
    test::write_text(directory / name, text);
    std::filesystem::permissions(directory / name, std::filesystem::perms{0600});
    return directory / name;
  }
  template <class Way>
  config::Channel channel(Way way) const {
    config::Channel result;
    result.name = "ops";
    result.way = std::move(way);
    return result;
  }
  config::Channel slack(const HttpListener& listener) const {
    return channel(config::SlackWay{secret("url", listener.url("/services/T0/secret") + "\n")});
  }
  config::Channel mail(const MailListener& listener, config::MailTls tls) const {
    config::MailWay way;
    way.url = listener.url();
    way.from = "bkp@example.org";
    way.to = {"a@example.org", "b@example.org"};
    way.tls = tls;
    auto result = channel(std::move(way));
    if (tls == config::MailTls::required) result.ca_file = listener.certificate();
    return result;
  }
  void deliver(const config::Channel& to, const Message& what = message()) {
    notify::deliver(to, what, log);
  }
  util::Error error_of(const config::Channel& to) {
    return test::error_of([&] { deliver(to); });
  }
};

nlohmann::json body_of(const std::string& request) {
  return nlohmann::json::parse(request.substr(request.find("\n\n") + 2));
}

}  // namespace

TEST_CASE("Slack gets one text, in which nothing is an instruction to it") {
  Channels channels;
  const HttpListener listener;
  channels.deliver(channels.slack(listener));
  REQUIRE(listener.received().size() == 1);
  const auto request = listener.received().front();
  CHECK_THAT(request,
             Contains("POST /services/T0/secret") && Contains("Content-Type: application/json"));
  const std::string text = body_of(request)["text"];
  CHECK_THAT(text, Catch::StartsWith("*bkp full failed*\n```\nbkp full failed\n") &&
                       Contains("&lt;!channel&gt; no space in \"größe\" &amp; more"));
}

TEST_CASE("what would be markup where Slack's is spoken is none") {
  Channels channels;
  const HttpListener listener;
  auto hostile = message();
  hostile.title = "@all *bold* [here](http://evil)";
  hostile.what = "``` [there](http://evil) @channel";
  channels.deliver(channels.slack(listener), hostile);
  const std::string text = body_of(listener.received().front())["text"];
  CHECK_THAT(text,
             Catch::StartsWith("*all bold here(http://evil)*\n```\n") && Catch::EndsWith("```"));
  const auto block = text.find("```");
  CHECK(text.find('`', block + 3) == text.size() - 3);
}

TEST_CASE("a webhook gets the whole message, its own head lines, or the words of a template") {
  Channels channels;
  const HttpListener listener;
  auto webhook = channels.channel(config::WebhookWay{
      channels.secret("url", listener.url("/hook?key=k")),
      channels.secret("headers", "Authorization: Bearer abc\nX-Site: studio\n")});
  channels.deliver(webhook);
  webhook.template_file = channels.secret("template", R"({"message": "{{what}}"})");
  channels.deliver(webhook);
  const auto received = listener.received();
  REQUIRE(received.size() == 2);
  CHECK_THAT(received.front(), Contains("POST /hook?key=k") &&
                                   Contains("Authorization: Bearer abc") &&
                                   Contains("X-Site: studio"));
  CHECK(message_from_json(body_of(received.front())) == message());
  CHECK(body_of(received.back()) == nlohmann::json{{"message", message().what}});
  // A template that makes no JSON costs its words, and the message goes out all the same.
  webhook.template_file = channels.secret("template", "{{what}}");
  CHECK(test::error_of([&] { require_usable(webhook); }).kind() == ErrorKind::config);
  channels.deliver(webhook);
  CHECK(message_from_json(body_of(listener.received().back())) == message());
}

TEST_CASE("a template that cannot be used costs its words, not the message") {
  Channels channels;
  const HttpListener listener;
  auto slack = channels.slack(listener);
  slack.template_file = channels.secret("template", "{{#open}}");
  CHECK(test::error_of([&] { require_usable(slack); }).kind() == ErrorKind::config);
  channels.deliver(slack);
  CHECK_THAT(std::string{body_of(listener.received().front())["text"]},
             Contains("bkp full failed"));
  CHECK_THAT(channels.log.warnings().front(), Contains("in bkp's own words"));
}

TEST_CASE("a dead man's switch is called where the run has got to") {
  Channels channels;
  const HttpListener listener;
  auto way = config::PingWay{channels.secret("url", listener.url("/uuid"))};
  auto what = message();
  for (const auto kind : {Kind::started, Kind::succeeded, Kind::failed}) {
    what.kind = kind;
    channels.deliver(channels.channel(way), what);
  }
  way.failure = "?state=fail";
  channels.deliver(channels.channel(way), what);
  std::vector<std::string> lines;
  for (const auto& request : listener.received())
    lines.push_back(request.substr(0, request.find('\n')));
  CHECK(lines == std::vector<std::string>{"POST /uuid/start", "POST /uuid", "POST /uuid/fail",
                                          "POST /uuid?state=fail"});
}

TEST_CASE("an answer that is no success is an error that keeps the URL to itself") {
  Channels channels;
  const HttpListener listener;
  const HttpListener elsewhere;
  struct Answer {
    std::string answer;
    std::string said;
  };
  const auto [answer, said] =
      GENERATE(values<Answer>({{"500", "status 500"},
                               {"404", "status 404"},
                               {"302", "a redirection (302) to \"127.0.0.1\""},
                               {"close", "mpty reply"}}));
  listener.answer(answer == "302" ? "302 " + elsewhere.url("/token") : answer);
  const auto error = channels.error_of(channels.slack(listener));
  CHECK(error.kind() == ErrorKind::store);
  CHECK_THAT(error.message(), Contains(said));
  for (const auto& text : {error.message(), error.hint()})
    CHECK_THAT(text, !Contains("secret") && !Contains("token"));
  CHECK(listener.received().size() == 1);
  CHECK(elsewhere.received().empty());
}

TEST_CASE("a listener that never answers is given up") {
  Channels channels;
  const HttpListener listener;
  listener.answer("hang");
  const auto error = channels.error_of(channels.slack(listener));
  CHECK(error.kind() == ErrorKind::store);
  CHECK_THAT(error.message(), Contains("timed out"));
}

TEST_CASE("a file with a URL that others can read, that is missing or holds none is refused") {
  Channels channels;
  const HttpListener listener;
  const auto slack = channels.slack(listener);
  const auto& file = std::get<config::SlackWay>(slack.way).url_file;
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  CHECK(channels.error_of(slack).kind() == ErrorKind::key);
  std::filesystem::permissions(file, std::filesystem::perms{0600});
  for (const auto* const text : {"", "ftp://host/", "file:///etc/passwd", "https://a b", "x"}) {
    test::write_text(file, text);
    CHECK(channels.error_of(slack).kind() == ErrorKind::config);
  }
  std::filesystem::remove(file);
  CHECK(channels.error_of(slack).kind() == ErrorKind::key);
  CHECK(listener.received().empty());
}

TEST_CASE(
    "mail goes out plain, by STARTTLS or by TLS from the beginning, with a password or without") {
  Channels channels;
  SECTION("plain") {
    const MailListener listener;
    channels.deliver(channels.mail(listener, config::MailTls::off));
    REQUIRE(listener.received().size() == 1);
    const auto mail = listener.received().front();
    CHECK_THAT(mail, Catch::StartsWith("FROM bkp@example.org\nTO a@example.org b@example.org\n"
                                       "TLS False\n") &&
                         Contains("Subject: studio: bkp full failed\r\n") &&
                         Contains("no space in \"gr=C3=B6=C3=9Fe\""));
  }
  SECTION("with TLS and a password") {
    const auto tls = GENERATE(MailListener::Tls::starttls, MailListener::Tls::from_the_beginning);
    const MailListener listener{tls, "bkp", "s3cret"};
    auto mail = channels.mail(listener, config::MailTls::required);
    auto& way = std::get<config::MailWay>(mail.way);
    way.user = "bkp";
    way.password_file = channels.secret("password", "s3cret\n");
    channels.deliver(mail);
    CHECK(listener.received().size() == 1);
    channels.secret("password", "wrong");
    const auto error = channels.error_of(mail);
    CHECK_THAT(error.hint(), Contains("password_file"));
    CHECK_THAT(error.message(), !Contains("wrong"));
  }
}

TEST_CASE("mail for somebody who has left reaches the others") {
  Channels channels;
  const MailListener listener{MailListener::Tls::none, "", ""};
  auto mail = channels.mail(listener, config::MailTls::off);
  std::get<config::MailWay>(mail.way).to = {"gone@example.org", "b@example.org"};
  channels.deliver(mail);
  REQUIRE(listener.received().size() == 1);
  CHECK_THAT(listener.received().front(), Contains("\nTO b@example.org\n"));
}

TEST_CASE("mail is not sent where TLS is required and there is none, or a stranger's") {
  Channels channels;
  const MailListener plain;
  const auto error = channels.error_of(channels.mail(plain, config::MailTls::required));
  CHECK_THAT(error.hint(), Contains("STARTTLS"));
  CHECK(plain.received().empty());
  const MailListener listener{MailListener::Tls::starttls};
  auto mail = channels.mail(listener, config::MailTls::required);
  mail.ca_file.reset();
  CHECK_THAT(channels.error_of(mail).hint(), Contains("ca_file"));
  CHECK(listener.received().empty());
}

}  // namespace bkp::notify
