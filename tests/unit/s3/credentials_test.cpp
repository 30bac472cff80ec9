#include "s3/credentials.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "s3/credentials_text.hpp"
#include "support/contains.hpp"
#include "support/error_of.hpp"
#include "support/faulty_proxy.hpp"
#include "support/loopback.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace bkp;
using namespace bkp::s3;
using namespace bkp::test;
using util::ErrorKind;

namespace {

constexpr const char* file_text = R"(# a comment
; another
[default]
aws_access_key_id = AKID
aws_secret_access_key=se=cr#et
s3 =
  aws_access_key_id = nested

[profile other]
 aws_access_key_id = indented
aws_access_key_id = OTHER
aws_secret_access_key = other secret
aws_session_token = token
)";

struct CredentialsBench {
  util::Environment environment;
  util::Interrupt interrupt;
  util::SystemProcessRunner processes{interrupt};
  ManualClock clock;
  TemporaryDirectory directory;

  std::filesystem::path private_file(const std::string& text) {
    auto path = directory / "credentials";
    write_text(path, text);
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    return path;
  }
  CredentialsProvider from(CredentialsSource source) {
    return {std::move(source), {environment, processes, interrupt}, clock};
  }
  util::Error refusal_of(const CredentialsSource& source) {
    auto provider = from(source);
    auto error = error_of([&] { provider.get(); });
    CHECK(error.kind() == ErrorKind::key);
    CHECK_FALSE(error.hint().empty());
    return error;
  }
};

std::string process_json(const std::string& key, const std::string& expires) {
  return R"({"Version": 1, "AccessKeyId": ")" + key +
         R"(", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ")" + expires + "\"}";
}

std::string http(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace

TEST_CASE("a credentials file has a section for every profile") {
  CHECK(parse_credentials_file(file_text, "default") ==
        Credentials{"AKID", "se=cr#et", "", std::nullopt});
  CHECK(parse_credentials_file(file_text, "other") ==
        Credentials{"OTHER", "other secret", "token", std::nullopt});
  CHECK(error_of([] { parse_credentials_file(file_text, "none"); }).message() ==
        "there is no profile \"none\"");
  const auto half = error_of([] { parse_credentials_file("[p]\naws_access_key_id=a", "p"); });
  CHECK(half.message() == "aws_secret_access_key in profile \"p\" is missing");
  CHECK(half.kind() == ErrorKind::key);
}

TEST_CASE("what a credential_process prints is JSON of version 1") {
  const auto credentials =
      parse_process_credentials(process_json("AKID", "2026-11-21T03:00:00+01:00"));
  CHECK(credentials.access_key == "AKID");
  CHECK(credentials.session_token == "t");
  CHECK(credentials.expires == util::parse_time("2026-11-21T02:00:00Z"));
  CHECK(
      parse_process_credentials(
          R"({"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": null})") ==
      Credentials{"a", "b", "", std::nullopt});
  for (const char* text :
       {"", "[]", "{", "\"hunter2\"", R"({"AccessKeyId": "a", "SecretAccessKey": "hunter2"})",
        R"({"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "hunter2"})",
        R"({"Version": 1, "AccessKeyId": "a"})", R"({"Version": 1, "SecretAccessKey": "hunter2"})",
        R"({"Version": 1, "AccessKeyId": ["hunter2"], "SecretAccessKey": "b"})",
        R"({"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "hunter2", "Expiration": "x"})"}) {
    CAPTURE(text);
    const auto error = error_of([&] { parse_process_credentials(text); });
    CHECK(error.kind() == ErrorKind::key);
    CHECK_FALSE(contains(error.message(), "hunter2"));
  }
}

TEST_CASE("credentials come from the environment") {
  CredentialsBench bench;
  CHECK(contains(bench.refusal_of(CredentialsEnvironment{}).message(), "AWS_ACCESS_KEY_ID"));
  bench.environment.set("AWS_ACCESS_KEY_ID", "a");
  CHECK(contains(bench.refusal_of(CredentialsEnvironment{}).message(), "AWS_SECRET_ACCESS_KEY"));
  bench.environment.set("AWS_SECRET_ACCESS_KEY", "b");
  auto provider = bench.from(CredentialsEnvironment{});
  CHECK(provider.get() == Credentials{"a", "b", "", std::nullopt});
  CHECK_FALSE(provider.renew(provider.get()));
  bench.environment.set("AWS_SESSION_TOKEN", "c");
  CHECK(bench.from(CredentialsEnvironment{}).get() == Credentials{"a", "b", "c", std::nullopt});
}

TEST_CASE("credentials come from the file that the environment names, where it has none itself") {
  CredentialsBench bench;
  bench.environment.set("AWS_SHARED_CREDENTIALS_FILE", bench.private_file(file_text));
  CHECK(bench.from(CredentialsEnvironment{}).get().access_key == "AKID");
  bench.environment.set("AWS_PROFILE", "other");
  auto provider = bench.from(CredentialsEnvironment{});
  CHECK(provider.get().access_key == "OTHER");
  CHECK_FALSE(provider.renew(provider.get()));
  bench.environment.set("AWS_PROFILE", "none");
  CHECK(contains(bench.refusal_of(CredentialsEnvironment{}).message(), "no profile \"none\""));
  bench.environment.set("AWS_ACCESS_KEY_ID", "a");
  bench.environment.set("AWS_SECRET_ACCESS_KEY", "b");
  CHECK(bench.from(CredentialsEnvironment{}).get().access_key == "a");
}

TEST_CASE("credentials come from a private file") {
  CredentialsBench bench;
  const auto path = bench.directory / "credentials";
  CHECK(contains(bench.refusal_of(CredentialsFile{path}).message(), path.string()));
  bench.private_file(file_text);
  CHECK(bench.from(CredentialsFile{path, "other"}).get().access_key == "OTHER");
  const auto error = bench.refusal_of(CredentialsFile{path, "none"});
  CHECK(contains(error.message(), path.string()));
  CHECK(contains(error.message(), "no profile \"none\""));
  std::filesystem::permissions(path, std::filesystem::perms{0644});
  CHECK(contains(bench.refusal_of(CredentialsFile{path}).message(), path.string()));
}

TEST_CASE("credentials come from a command, and are renewed before they expire") {
  CredentialsBench bench;
  const auto path = bench.private_file(process_json("first", "2026-11-21T03:00:00Z"));
  auto provider = bench.from(CredentialsCommand{{"cat", path}});
  CHECK(provider.get().access_key == "first");
  bench.private_file(process_json("second", "2026-11-21T04:00:00Z"));
  bench.clock.advance(std::chrono::minutes{54});
  CHECK(provider.get().access_key == "first");
  bench.clock.advance(std::chrono::minutes{2});
  CHECK(provider.get().access_key == "second");
}

TEST_CASE("credentials that a server calls expired are asked for again") {
  CredentialsBench bench;
  const auto path = bench.private_file(process_json("first", "2026-11-21T09:00:00Z"));
  auto provider = bench.from(CredentialsCommand{{"cat", path}});
  const auto first = provider.get();
  CHECK_FALSE(provider.renew(first));
  bench.private_file(process_json("second", "2026-11-21T09:00:00Z"));
  CHECK(provider.renew(first));
  CHECK(provider.get().access_key == "second");
  // Another thread, later, with the same old ones.
  bench.private_file(process_json("third", "2026-11-21T09:00:00Z"));
  CHECK(provider.renew(first));
  CHECK(provider.get().access_key == "second");
}

TEST_CASE("a command that gives no credentials is named with what it said") {
  CredentialsBench bench;
  CHECK(contains(bench.refusal_of(CredentialsCommand{{"/nonexistent/helper"}}).message(),
                 "/nonexistent/helper"));
  const auto failed = bench.refusal_of(CredentialsCommand{{"cat", "/nonexistent/file"}});
  CHECK(contains(failed.message(), "exit code 1"));
  CHECK(contains(failed.message(), "/nonexistent/file"));
  CHECK(contains(bench.refusal_of(CredentialsCommand{{"echo", "hello"}}).message(),
                 "prints no credentials"));
}

TEST_CASE("credentials come from the metadata service of an instance") {
  CredentialsBench bench;
  const auto nobody = listen_on_loopback();
  FaultyProxy service{port_of(nobody), FaultyProxy::Protocol::http};
  const CredentialsInstance source{"http://127.0.0.1:" + std::to_string(service.port())};
  const std::string folder = "/latest/meta-data/iam/security-credentials/";
  SECTION("with a token, for the role there is") {
    service.answer("PUT /latest/api/token ", http("the-token"));
    service.answer("GET " + folder + " ", http("backup-role\n"));
    service.answer("GET " + folder + "backup-role ",
                   http(R"({"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "b",
                            "Token": "c", "Expiration": "2026-11-21T08:00:00Z"})"));
    CHECK(bench.from(source).get() ==
          Credentials{"a", "b", "c", util::parse_time("2026-11-21T08:00:00Z")});
    CHECK(service.requests().size() == 3);
  }
  SECTION("an instance without a role has none") {
    service.answer("PUT /latest/api/token ", http("the-token"));
    service.answer("GET " + folder + " ", http("", "404 Not Found"));
    CHECK(contains(bench.refusal_of(source).message(), "404"));
  }
  SECTION("a role that cannot be taken gives none") {
    service.answer("PUT /latest/api/token ", http("the-token"));
    service.answer("GET " + folder + " ", http("backup-role"));
    service.answer("GET " + folder + "backup-role ", http(R"({"Code": "AssumeRoleFailed"})"));
    CHECK(contains(bench.refusal_of(source).message(), "AssumeRoleFailed"));
  }
  SECTION("where there is no such service, that is said") {
    service.stop_listening();
    CHECK(contains(bench.refusal_of(source).message(), source.endpoint));
  }
}
