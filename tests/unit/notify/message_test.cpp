#include <catch2/catch.hpp>

#include "notify/mail_text.hpp"
#include "notify/message.hpp"
#include "notify/wording.hpp"
#include "support/contains.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "util/base64.hpp"
#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::notify {

using Catch::Matchers::Contains;
using config::Severity;

namespace {

Message message() {
  Message result;
  result.id = "0b7f6a3e-0000-4000-8000-000000000001";
  result.kind = Kind::problem;
  result.severity = Severity::critical;
  result.site = "studio";
  result.host = "db1";
  result.subject = "full";
  result.title = "bkp full failed";
  result.what = "cannot reach <db> & \"more\"";
  result.since = util::parse_time("2026-11-21T02:00:00Z");
  result.times = 3;
  result.risk = "new rows";
  result.next = "bkp check";
  result.run_id = 17;
  result.at = util::parse_time("2026-11-21T05:04:00Z");
  result.thread = result.id;
  return result;
}

}  // namespace

TEST_CASE("a message says what, where, since when, what is at risk and what to do") {
  CHECK(text_of(message()) ==
        "bkp full failed\n\n"
        "cannot reach <db> & \"more\"\n\n"
        "Where:    site studio, host db1\n"
        "Severity: critical\n"
        "Since:    2026-11-21T02:00:00Z, for 3h 4min, seen 3 times\n"
        "At risk:  new rows\n"
        "Next:     bkp check\n"
        "Run:      17\n"
        "Sent:     2026-11-21T05:04:00Z\n");
  CHECK(headline_of(message()) == "studio: bkp full failed");
}

TEST_CASE("a message reads back as it was written") {
  auto sparse = message();
  sparse.since.reset();
  sparse.run_id.reset();
  for (const auto& one : {message(), sparse}) CHECK(message_from_json(to_json(one)) == one);
  auto object = to_json(message());
  object["kind"] = "gossip";
  CHECK(test::error_of([&] { message_from_json(object); }).kind() == util::ErrorKind::damaged);
}

TEST_CASE("a template names what it wants, and what it is put into decides how it is escaped") {
  const auto words =
      wording_of(message(),
                 "Subject: [{{severity}}] {{title}}\n{{#problem}}{{what}}{{/problem}}"
                 "{{#recovered}}good{{/recovered}} {{run_id}}",
                 escaped_for_slack);
  CHECK(words.headline == "[critical] bkp full failed");
  CHECK(words.text == "cannot reach &lt;db&gt; &amp; \"more\" 17");
  const auto json = wording_of(message(), R"({"m": "{{what}}"})", escaped_for_json);
  CHECK(nlohmann::json::parse(json.text)["m"] == message().what);
  CHECK(json.headline == "studio: bkp full failed");
  for (const auto* const text : {"{{#open}}", "no JSON: {{what}}"}) {
    CHECK(test::error_of([&] { wording_of(message(), text, escaped_for_json); }).kind() ==
          util::ErrorKind::config);
  }
}

TEST_CASE("a template that is not there is named") {
  config::Channel channel;
  channel.template_file = "/nonexistent/template";
  const auto error = test::error_of([&] { wording_of(message(), channel, unescaped); });
  CHECK_THAT(error.full_message(), Contains("/nonexistent/template"));
}

TEST_CASE("the head of a mail is ASCII, whatever is to be said in it") {
  CHECK(head_text("studio: bkp full failed") == "studio: bkp full failed");
  CHECK(head_text("Größe") == "=?UTF-8?B?R3LDtsOfZQ==?=");
  CHECK(head_text("=?x?=") == "=?UTF-8?B?PT94Pz0=?=");
  // Of two and three bytes: no word is longer than 75, and each is whole by itself.
  std::string long_text;
  for (int i = 0; i < 40; ++i) long_text += "ö€";
  const auto folded = head_text(long_text);
  std::string together;
  std::size_t begin = 0;
  while (begin < folded.size()) {
    const auto end = std::min(folded.find("\r\n ", begin), folded.size());
    const auto word = folded.substr(begin, end - begin);
    CHECK(word.size() <= 75);
    const auto bytes =
        util::from_base64(word.substr(10, word.size() - 12), util::Base64Padding::present);
    REQUIRE(bytes);
    const std::string text{reinterpret_cast<const char*>(bytes->data()), bytes->size()};
    CHECK(util::is_valid_utf8(text));
    together += text;
    begin = end + 3;
  }
  CHECK(together == long_text);
}

TEST_CASE("quoted-printable keeps lines short and says every byte") {
  CHECK(quoted_printable("plain\n") == "plain\r\n");
  CHECK(quoted_printable("a=b") == "a=3Db\r\n");
  CHECK(quoted_printable("end \nö\n") == "end=20\r\n=C3=B6\r\n");
  const auto text = quoted_printable(std::string(200, 'x'));
  CHECK(text.substr(0, 78) == std::string(75, 'x') + "=\r\n");
  CHECK(text.ends_with(std::string(50, 'x') + "\r\n"));
}

TEST_CASE("a mail refers to the first one of its problem, and cannot be given more head lines") {
  config::MailWay way;
  way.from = "bkp@example.org";
  way.to = {"a@example.org", "b@example.org"};
  auto later = message();
  later.id = "0b7f6a3e-0000-4000-8000-000000000002";
  later.title = "bad\r\nBcc: everyone@example.org";
  const auto text = mail_text(later, wording_of(later, unescaped), way);
  CHECK_THAT(text,
             Contains("Date: Sat, 21 Nov 2026 05:04:00 +0000\r\n") &&
                 Contains("From: <bkp@example.org>\r\n") &&
                 Contains("To: <a@example.org>,\r\n <b@example.org>\r\n") &&
                 Contains("Message-ID: <0b7f6a3e-0000-4000-8000-000000000002@example.org>") &&
                 Contains("In-Reply-To: <0b7f6a3e-0000-4000-8000-000000000001@example.org>") &&
                 Contains("Auto-Submitted: auto-generated\r\n"));
  const auto head = text.substr(0, text.find("\r\n\r\n"));
  CHECK_THAT(head, !Contains("\nBcc"));
  CHECK_THAT(mail_text(message(), wording_of(message(), unescaped), way), !Contains("In-Reply-To"));
}

}  // namespace bkp::notify
