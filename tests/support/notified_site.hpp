#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/listeners.hpp"
#include "support/scheduled_site.hpp"

namespace bkp::test {

/// A site with channels "ops" (Slack) and "mail" (failures and summaries), and a switch "dead" for
/// runs of full, each with a listener of its own.
class NotifiedSite : public ScheduledSite {
 public:
  NotifiedSite() { write_config(base_config() + "schedules: []\n" + channels()); }

  HttpListener& slack() { return m_slack; }
  HttpListener& ping() { return m_ping; }
  MailListener& mail() { return m_mail; }

  std::string channels() const {
    private_file("slack", m_slack.url("/services/T0/secret"));
    private_file("ping", m_ping.url("/uuid-of-the-switch"));
    return "notify:\n  channels:\n"
           "    - {name: ops, slack: {url_file: " +
           (directory() / "slack").string() +
           "}}\n"
           "    - {name: mail, smtp: {url: \"" +
           m_mail.url() +
           "\", from: bkp@example.org, to: [ops@example.org]}, on: [failure, summary]}\n"
           "    - {name: dead, ping: {url_file: " +
           (directory() / "ping").string() + "}}\n";
  }
  /// The text of each message to Slack.
  std::vector<std::string> told() const {
    std::vector<std::string> texts;
    for (const auto& request : m_slack.received()) {
      const auto body = request.substr(request.find("\n\n") + 2);
      texts.push_back(nlohmann::json::parse(body)["text"]);
    }
    return texts;
  }
  /// The first line of each.
  std::vector<std::string> titles() const {
    std::vector<std::string> first;
    for (const auto& text : told()) first.push_back(text.substr(0, text.find('\n')));
    return first;
  }

  /// From now on the store is not there; or is again.
  void lose_store() const { std::filesystem::rename(store(), directory() / "lost"); }
  void find_store() const { std::filesystem::rename(directory() / "lost", store()); }

 private:
  void private_file(const std::string& name, const std::string& text) const {
    write_text(directory() / name, text + "\n");
    std::filesystem::permissions(directory() / name, std::filesystem::perms{0600});
  }

  HttpListener m_slack;
  HttpListener m_ping;
  MailListener m_mail;
};

}  // namespace bkp::test
