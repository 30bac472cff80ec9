#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bkp::config {

/// What a channel can ask to be told of.
enum class Topic {
  failure,    ///< something is wrong, and reminders that it still is
  recovered,  ///< and is not any more
  capacity,   ///< a store fills up
  success,    ///< each run that succeeded
  summary,    ///< what happened since the last one
};

enum class Severity { info, warning, critical };

/// An incoming webhook as Slack, Mattermost and Rocket.Chat have it.
struct SlackWay {
  std::filesystem::path url_file;  ///< private: whoever has the URL can write there
  bool operator==(const SlackWay&) const = default;
};

/// A POST of JSON to any URL.
struct WebhookWay {
  std::filesystem::path url_file;
  std::optional<std::filesystem::path> header_file;  ///< "Name: value", a line each; private
  bool operator==(const WebhookWay&) const = default;
};

enum class MailTls {
  required,  ///< STARTTLS, or TLS from the beginning (smtps:)
  off,
};

struct MailWay {
  std::string url;  ///< smtp://[USER@]HOST[:PORT] or smtps:; empty where connections are left out
  std::string from;
  std::vector<std::string> to;
  std::optional<std::string> user;
  std::optional<std::filesystem::path> password_file;  ///< absent: no authentication
  MailTls tls = MailTls::required;
  bool operator==(const MailWay&) const = default;
};

/// A dead man's switch: a service that raises the alarm when nobody calls. Called at the beginning
/// and at the end of each run, at the URL with one of these behind it; without `start` or `failure`
/// not for that.
struct PingWay {
  std::filesystem::path url_file;
  std::string start = "/start";
  std::string failure = "/fail";
  bool operator==(const PingWay&) const = default;
};

/// Who is told of what, and how.
struct Channel {
  std::string name;
  std::variant<SlackWay, WebhookWay, MailWay, PingWay> way;
  std::vector<Topic> on;                               ///< of a ping: none; it has its own rules
  Severity severity = Severity::info;                  ///< nothing below it
  std::vector<std::string> commands{};                 ///< of runs of these; empty: of all
  std::optional<std::filesystem::path> template_file;  ///< what is said, in Mustache
  std::optional<std::filesystem::path> ca_file;        ///< that signed the other end's certificate
  int line = 0;
  bool operator==(const Channel&) const = default;

  bool is_ping() const { return std::holds_alternative<PingWay>(way); }
};

struct Notify {
  std::vector<Channel> channels;
  std::chrono::seconds remind_after{std::chrono::hours{1}};  ///< then twice as long; 0: never
  bool operator==(const Notify&) const = default;

  /// Whether any channel asks for it.
  bool wants(Topic topic) const;
};

std::string to_text(Topic topic);
std::string to_text(Severity severity);
/// The inverse; nullopt for another text.
std::optional<Topic> topic_from(std::string_view text);
std::optional<Severity> severity_from(std::string_view text);

}  // namespace bkp::config
