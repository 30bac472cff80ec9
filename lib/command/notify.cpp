#include "command/notify.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/shared_options.hpp"
#include "command/notify_text.hpp"
#include "notify/channel.hpp"
#include "notify/notifier.hpp"
#include "report/activity.hpp"
#include "status/look.hpp"
#include "status/render.hpp"
#include "util/error.hpp"
#include "util/host.hpp"
#include "util/rng.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::command {

using nlohmann::json;
using util::Error;
using util::ErrorKind;

namespace {

std::vector<config::Channel> chosen(const std::vector<std::string>& names,
                                    const run::Context& context) {
  const auto& channels = context.config.notify.channels;
  if (channels.empty()) {
    throw Error{ErrorKind::config, "no channel is configured: nobody would be told of anything",
                "add notify.channels to the configuration: see bkp.yaml(5)"};
  }
  if (names.empty()) return channels;
  std::vector<config::Channel> result;
  for (const auto& name : names) {
    const auto found = std::ranges::find(channels, name, &config::Channel::name);
    if (found == channels.end()) {
      std::vector<std::string> known;
      for (const auto& one : channels) known.push_back(one.name);
      throw Error{ErrorKind::not_found, fmt::format("there is no channel {}", util::quoted(name)),
                  fmt::format("the channels are {}", fmt::join(known, ", "))};
    }
    result.push_back(*found);
  }
  return result;
}

notify::Message test_message(const run::Context& context) {
  notify::Message message;
  message.id = util::random_uuid();
  message.kind = notify::Kind::test;
  message.site = context.config.site;
  message.host = util::printable(util::host_name());
  message.title = "bkp can reach you";
  message.what = "This is a test: `bkp notify test` has sent it. Nothing is wrong.";
  message.at = context.clock.now();
  return message;
}

cli::Report test(const NotifyOptions& options, run::Context& context) {
  const auto channels = chosen(options.operands, context);
  const auto message = test_message(context);
  std::vector<Tried> tried;
  for (const auto& channel : channels) {
    auto& one = tried.emplace_back(Tried{channel.name, {}});
    try {
      context.interrupt.check();
      context.dry_run ? notify::require_usable(channel)
                      : notify::deliver(channel, message, context.log);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      one.error = error;
    }
  }
  cli::Report report;
  report.result = {{"channels", json::array()}, {"dry_run", context.dry_run}};
  for (const auto& one : tried) report.result["channels"].push_back(to_json(one));
  report.text = to_text(tried, context.dry_run);
  const auto failed =
      std::ranges::count_if(tried, [](const Tried& one) { return one.error.has_value(); });
  if (failed != 0) {
    report.error =
        Error{ErrorKind::partial,
              fmt::format("{} of {} channels could not be reached", failed, tried.size()),
              "each has said why, above"};
  }
  return report;
}

std::vector<notify::Problem> by_age(const notify::Problems& problems) {
  std::vector<notify::Problem> result;
  for (const auto& [subject, problem] : problems.open) result.push_back(problem);
  std::ranges::stable_sort(result, {}, &notify::Problem::since);
  return result;
}

cli::Report list(const run::Context& context) {
  const auto problems = by_age(notify::read_problems(notify::problems_file(context.config)));
  const auto waiting = notify::outbox_of(context.config).all();
  cli::Report report;
  report.result = {{"problems", json::array()}, {"waiting", json::array()}};
  for (const auto& one : problems) report.result["problems"].push_back(to_json(one));
  for (const auto& one : waiting) report.result["waiting"].push_back(to_json(one));
  report.text = to_text(problems, waiting, context.clock.now());
  return report;
}

cli::Report forget(const NotifyOptions& options, run::Context& context) {
  auto subjects = options.operands;
  if (options.all) {
    for (const auto& [subject, problem] :
         notify::read_problems(notify::problems_file(context.config)).open)
      subjects.push_back(subject);
  }
  cli::Report report;
  report.result = {{"forgotten", json::array()}, {"dry_run", context.dry_run}};
  for (const auto& subject : subjects) {
    const bool known =
        context.dry_run
            ? notify::read_problems(notify::problems_file(context.config)).open.contains(subject)
            : notify::forget(context.config, subject);
    if (!known) {
      throw Error{ErrorKind::not_found,
                  fmt::format("no problem of {} is known", util::quoted(subject)),
                  "`bkp notify list` shows what is"};
    }
    report.result["forgotten"].push_back(subject);
    report.text +=
        fmt::format("{}: {}\n", subject, context.dry_run ? "would be forgotten" : "forgotten");
  }
  return report;
}

/// How the site is, and what it did, as far as that can be told.
std::string site_text(run::Context& context, util::Time since, json& result) {
  try {
    const auto site = status::look(context);
    result["status"] = status::to_json(site);
    auto text = status::to_text(site, false, 0);
    if (!site.catalog_problem.empty()) return text;
    auto catalog = context.open_catalog();
    const auto activity = report::activity_since(catalog, since);
    result["activity"] = report::to_json(activity);
    return text + "\n" + report::to_text(activity);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return fmt::format("How the site is cannot be told: {}\n",
                       util::printable(error.full_message()));
  }
}

cli::Report summary(const NotifyOptions& options, run::Context& context) {
  const auto now = context.clock.now();
  const auto problems = by_age(notify::read_problems(notify::problems_file(context.config)));
  cli::Report report;
  report.result["problems"] = json::array();
  for (const auto& one : problems) report.result["problems"].push_back(to_json(one));
  notify::Message message;
  message.id = util::random_uuid();
  message.kind = notify::Kind::summary;
  message.at = now;
  message.title = problems.empty() ? "summary: nothing is known to be wrong"
                                   : fmt::format("summary: {} problem{}", problems.size(),
                                                 problems.size() == 1 ? "" : "s");
  for (const auto& one : problems)
    message.severity = std::max(message.severity, one.worst.severity);
  if (!problems.empty()) message.next = "bkp notify list";
  message.what = lines_of(problems, now) + (problems.empty() ? "" : "\n") +
                 site_text(context, now - util::parse_duration(options.since), report.result);
  while (message.what.ends_with('\n')) message.what.pop_back();
  report.result["title"] = message.title;
  report.text = fmt::format("{}\n\n{}\n", message.title, message.what);
  if (!context.dry_run)
    notify::Notifier{context.config, context.clock, context.log}.tell_summary(message);
  return report;
}

cli::Report deliver(run::Context& context) {
  notify::Notifier notifier{context.config, context.clock, context.log};
  if (!context.dry_run) {
    notifier.remind();
    notifier.deliver();
  }
  return list(context);
}

}  // namespace

void define(CLI::App& app, NotifyOptions& options) {
  app.add_option("action", options.action, "test, list, summary, forget or deliver")
      ->required()
      ->check(CLI::IsMember({"test", "list", "summary", "forget", "deliver"}))
      ->type_name("ACTION");
  app.add_option("operands", options.operands, "test: channels (all); forget: what to forget");
  app.add_option("--since", options.since, "summary: of so long (24h)")
      ->check(cli::check_duration)
      ->type_name("DURATION");
  app.add_flag("--all", options.all, "forget: every problem");
}

cli::Report run(const NotifyOptions& options, run::Context& context) {
  const bool takes_operands = options.action == "test" || options.action == "forget";
  if (!takes_operands && !options.operands.empty()) {
    throw Error{ErrorKind::usage, fmt::format("notify {} takes nothing more", options.action),
                fmt::format("write: bkp notify {}", options.action)};
  }
  if (options.all && options.action != "forget")
    throw Error{ErrorKind::usage, "--all is for notify forget", "leave it out"};
  if (options.action == "forget" && options.all == !options.operands.empty()) {
    throw Error{ErrorKind::usage, "what is to be forgotten?",
                "name it as `bkp notify list` does, or write --all"};
  }
  if (options.action == "test") return test(options, context);
  if (options.action == "list") return list(context);
  if (options.action == "forget") return forget(options, context);
  if (options.action == "deliver") return deliver(context);
  return summary(options, context);
}

}  // namespace bkp::command
