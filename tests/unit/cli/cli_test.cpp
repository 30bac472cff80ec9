#include <csignal>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/envelope.hpp"
#include "cli/mask.hpp"
#include "cli/progress_meter.hpp"
#include "cli/shared_options.hpp"
#include "cli/signals.hpp"
#include "cli/table.hpp"
#include "support/manual_clock.hpp"

using namespace bkp;
using Catch::Matchers::Contains;

namespace {

cli::SharedOptions parse(std::vector<std::string> arguments) {
  CLI::App app{"test"};
  cli::SharedOptions options;
  define(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return options;
}

cli::Ending failed_run() {
  cli::Ending ending;
  ending.command = "full";
  ending.started_at = util::parse_time("2026-11-21T02:00:00Z");
  ending.finished_at = util::parse_time("2026-11-21T02:00:01Z");
  ending.error = util::Error{util::ErrorKind::store, "no space", "free some"};
  ending.error->add_context("writing");
  ending.exit_code = 6;
  return ending;
}

}  // namespace

TEST_CASE("passwords in arguments are masked") {
  CHECK(cli::mask_secrets("sftp://bob:s3cret@host/path") == "sftp://bob:***@host/path");
  CHECK(cli::mask_secrets("s3://key:se/cret@host/b") == "s3://key:***@host/b");
  CHECK(cli::mask_secrets("--store=s3://key:se/cr?t@host/b") == "--store=s3://key:***@host/b");
  CHECK(cli::mask_secrets("host=db password=s3cret user=x") == "host=db password=*** user=x");
  CHECK(cli::mask_secrets("password='s3 \\' cret' user=x") == "password=*** user=x");
  CHECK(cli::mask_secrets("postgresql://u@h/db?password=s3cret&a=b") ==
        "postgresql://u@h/db?password=***&a=b");
  CHECK(cli::mask_secrets("postgresql://u:p@ss@h/db") == "postgresql://u:***@h/db");
}

TEST_CASE("arguments without passwords stay as they are") {
  for (const char* argument : {"--db", "x121", "file:///var/backups", "mailto:bob@example.org",
                               "latest~2", "postgresql://host:5432/db?user=a@b"}) {
    CHECK(cli::mask_secrets(argument) == argument);
  }
}

TEST_CASE("shared options have the documented defaults") {
  const auto options = parse({});
  CHECK(options.config.empty());
  CHECK_FALSE(options.json);
  CHECK(options.triggered_by == "manual");
  CHECK(options.lock_wait == std::chrono::seconds{0});
  CHECK(options.color == "auto");
}

TEST_CASE("shared options are read") {
  const auto options =
      parse({"--config", "/x.yaml", "--json", "-q", "-v", "--log-format", "json", "--lock-wait",
             "2min", "--triggered-by", "schedule", "--dry-run", "--syslog", "--color", "never"});
  CHECK(options.config == "/x.yaml");
  CHECK((options.json && options.quiet && options.verbose && options.dry_run && options.syslog));
  CHECK(options.lock_wait == std::chrono::minutes{2});
  CHECK(options.triggered_by == "schedule");
  CHECK(options.log_format == "json");
  CHECK(options.color == "never");
}

TEST_CASE("bad values of shared options are refused") {
  CHECK_THROWS_AS(parse({"--lock-wait", "5"}), CLI::ParseError);
  CHECK_THROWS_AS(parse({"--triggered-by", "cron"}), CLI::ParseError);
  CHECK_THROWS_AS(parse({"--log-format", "xml"}), CLI::ParseError);
  CHECK_THROWS_AS(parse({"--colour", "never"}), CLI::ParseError);
}

TEST_CASE("the envelope has the contract's keys") {
  const auto json = nlohmann::json::parse(cli::envelope(failed_run()));
  CHECK(json.at("schema") == "bkp/v1");
  CHECK(json.at("command") == "full");
  CHECK(json.at("status") == "failed");
  CHECK(json.at("exit_code") == 6);
  CHECK(json.at("run_id").is_null());
  CHECK(json.at("started_at") == "2026-11-21T02:00:00Z");
  CHECK(json.at("result").is_object());
  CHECK(json.at("warnings").is_array());
  CHECK(json.at("error") == nlohmann::json{{"kind", "store"},
                                           {"message", "no space"},
                                           {"hint", "free some"},
                                           {"context", {"writing"}}});
}

TEST_CASE("a run without error is ok, a partial one partial") {
  auto ending = failed_run();
  ending.error.reset();
  CHECK(ending.status() == "ok");
  ending.error = util::Error{util::ErrorKind::partial, "one is missing"};
  CHECK(ending.status() == "partial");
}

TEST_CASE("names that are no UTF-8 do not break the envelope") {
  auto ending = failed_run();
  ending.result = {{"name", "caf\xe9"}};
  CHECK_NOTHROW(nlohmann::json::parse(cli::envelope(ending)));
}

TEST_CASE("an error is printed with context and hint, and cannot steer the terminal") {
  auto ending = failed_run();
  ending.error->add_context("database \x1b[2J");
  const auto text = cli::error_text("bkp full", *ending.error, false);
  CHECK_THAT(text, Contains("bkp full: error: no space\n") && Contains("while writing") &&
                       Contains("hint: free some"));
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a table aligns its columns") {
  cli::Table table{{{"NAME"}, {"SIZE", cli::Table::Align::right}}};
  table.add({"a", "10"});
  table.add({"größer", "7"});
  CHECK(table.to_text(0) == "NAME    SIZE\na         10\ngrößer     7\n");
}

TEST_CASE("a table that does not fit is shortened and no line is wider than the terminal") {
  cli::Table table{{{"NAME"}, {"LABEL"}}};
  table.add({std::string(40, 'x'), std::string(60, 'y')});
  const auto text = table.to_text(50);
  for (const std::string& line :
       {text.substr(0, text.find('\n')), text.substr(text.find('\n') + 1)}) {
    CHECK(std::count_if(line.begin(), line.end(),
                        [](char c) { return (c & 0xC0) != 0x80 && c != '\n'; }) <= 50);
  }
  CHECK_THAT(text, Contains("…"));
}

TEST_CASE("a column that wraps gives way first, and loses nothing") {
  cli::Table table{{{"LABEL"}, {"WHY", cli::Table::Align::left, cli::Table::Overflow::wrap}}};
  table.add({"20261121T020000Z", "daily 1 of 30: newest of 2026-11-21; last good one"});
  table.add({"20261120T020000Z", "0123456789012345678901234567890123456789"});
  CHECK(table.to_text(44) ==
        "LABEL             WHY\n"
        "20261121T020000Z  daily 1 of 30: newest of\n"
        "                  2026-11-21; last good one\n"
        "20261120T020000Z  01234567890123456789012345\n"
        "                  67890123456789\n");
}

TEST_CASE("a column to keep is whole, however narrow the terminal") {
  const std::string label = "20261121T020000Z-full-production";
  cli::Table table{{{"LABEL", cli::Table::Align::left, cli::Table::Overflow::keep}, {"STORES"}}};
  table.add({label, "local, offsite, vault"});
  CHECK(table.to_text(44) ==
        "LABEL                             STORES\n" + label + "  local, of…\n");
  CHECK_THAT(table.to_text(20), Contains(label + "  local…\n"));
}

TEST_CASE("hostile cells stay on their line") {
  cli::Table table{{{"NAME"}}};
  table.add({"a\nb\x1b[31m"});
  const auto text = table.to_text(0);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("the status line tells bytes, rate and what is left") {
  test::ManualClock clock;
  cli::ProgressMeter meter{"bkp full", false, clock};
  CHECK(meter.status_line() == "between two steps");
  meter.begin("pg_restore", std::nullopt);
  CHECK(meter.status_line() == "pg_restore");
  meter.begin("dumping x121", 4096);
  clock.sleep_for(std::chrono::seconds{2});
  meter.advance(1024);
  CHECK(meter.status_line() == "dumping x121: 1.0 KiB of 4.0 KiB, 512 B/s, 6.0s left");
}

TEST_CASE("a hangup ends a run, unless the run was started to ignore it") {
  for (const int number : {SIGHUP, SIGINT}) {
    CAPTURE(number);
    auto* before = std::signal(number, SIG_IGN);
    {
      util::Interrupt interrupt;
      const cli::SignalHandlers handlers{interrupt, -1};
      std::raise(number);
      CHECK(interrupt.signal() == 0);
      std::raise(SIGTERM);
      CHECK(interrupt.signal() == SIGTERM);
    }
    CHECK(std::signal(number, SIG_DFL) == SIG_IGN);
    {
      util::Interrupt interrupt;
      const cli::SignalHandlers handlers{interrupt, -1};
      std::raise(number);
      CHECK(interrupt.signal() == number);
    }
    std::signal(number, before);
  }
}
