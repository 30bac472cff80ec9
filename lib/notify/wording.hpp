#pragma once

#include <optional>
#include <string>

#include "config/channels.hpp"
#include "notify/message.hpp"

namespace bkp::notify {

/// A message in the words of a channel.
struct Wording {
  std::string headline;  ///< one line
  std::string text;      ///< lines
};

/// How a text is put into what surrounds it.
using Escape = std::string (*)(const std::string& text);
std::string unescaped(const std::string& text);
/// For the inside of a JSON string (RFC 8259, section 7).
std::string escaped_for_json(const std::string& text);
/// For Slack's text objects: "&", "<" and ">" would be its own signs.
std::string escaped_for_slack(const std::string& text);

/// bkp's own words.
Wording wording_of(const Message& message, Escape escape);

/// Those of a template, in Mustache: bkp-notify(1). A first line "Subject: …" is the headline.
/// Throws Error{config} for a template that cannot be read.
Wording wording_of(const Message& message, const std::string& text_of_template, Escape escape);

/// Those of the channel's template, if it has one. Throws Error{config} where that cannot be read.
Wording wording_of(const Message& message, const config::Channel& channel, Escape escape);

}  // namespace bkp::notify
