#include "notify/wording.hpp"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>

#include "util/error.hpp"
#include "util/files.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::notify {

using kainjow::mustache::data;
using util::Error;
using util::ErrorKind;

namespace {

constexpr std::size_t longest_template = 64U << 10U;

/// What a template can name: bkp-notify(1).
data values_of(const Message& message) {
  data values;
  values["kind"] = to_text(message.kind);
  values[to_text(message.kind)] = true;
  values["severity"] = config::to_text(message.severity);
  values["site"] = message.site;
  values["host"] = message.host;
  values["subject"] = message.subject;
  values["title"] = message.title;
  values["what"] = message.what;
  values["times"] = std::to_string(message.times);
  values["risk"] = message.risk;
  values["next"] = message.next;
  values["at"] = util::format_rfc3339(message.at);
  values["text"] = text_of(message);
  if (message.since) values["since"] = util::format_rfc3339(*message.since);
  if (message.run_id) values["run_id"] = std::to_string(*message.run_id);
  return values;
}

/// Takes a first line "Subject: …" from the text.
std::optional<std::string> take_headline(std::string& text) {
  constexpr std::string_view name = "Subject: ";
  if (!text.starts_with(name)) return std::nullopt;
  const auto end = std::min(text.find('\n'), text.size());
  auto headline = text.substr(name.size(), end - name.size());
  text.erase(0, std::min(end + 1, text.size()));
  return headline;
}

}  // namespace

std::string unescaped(const std::string& text) {
  return text;
}

std::string escaped_for_json(const std::string& text) {
  const auto quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

std::string escaped_for_slack(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else {
      result += c;
    }
  }
  return result;
}

Wording wording_of(const Message& message, Escape escape) {
  return {escape(headline_of(message)), escape(text_of(message))};
}

Wording wording_of(const Message& message, const std::string& text_of_template, Escape escape) {
  kainjow::mustache::mustache form{text_of_template};
  if (!form.is_valid()) {
    throw Error{
        ErrorKind::config,
        fmt::format("the template cannot be read: {}", util::printable(form.error_message())),
        "see bkp-notify(1) for what can stand in it"};
  }
  form.set_custom_escape(escape);
  Wording wording{escape(headline_of(message)), form.render(values_of(message))};
  if (auto headline = take_headline(wording.text)) wording.headline = std::move(*headline);
  if (escape == escaped_for_json && !nlohmann::json::accept(wording.text)) {
    throw Error{ErrorKind::config, "what the template makes is no JSON",
                "put what it names between double quotes, and mind the commas"};
  }
  return wording;
}

Wording wording_of(const Message& message, const config::Channel& channel, Escape escape) {
  if (!channel.template_file) return wording_of(message, escape);
  return util::with_context(
      fmt::format("reading {}", util::quoted(channel.template_file->string())), [&] {
        const auto text = util::read_file(*channel.template_file, longest_template);
        if (!text)
          throw Error{ErrorKind::config, "there is no such template",
                      "make it, or remove "
                      "template_file"};
        return wording_of(message, *text, escape);
      });
}

}  // namespace bkp::notify
