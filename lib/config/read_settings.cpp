#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "config/rules.hpp"
#include "config/sections.hpp"
#include "util/text.hpp"
#include "util/units.hpp"

namespace bkp::config {

namespace {

template <class T>
struct Choice {
  std::string_view word;
  T meaning;
};

template <class T, std::size_t N>
T read_choice(const Value& value, const std::array<Choice<T>, N>& choices) {
  const auto text = to_text(value);
  std::vector<std::string> words;
  for (const auto& choice : choices) {
    if (choice.word == text) return choice.meaning;
    words.emplace_back(choice.word);
  }
  value.fail(fmt::format("must not be {}", util::quoted(text)),
             fmt::format("write one of {}", fmt::join(words, ", ")));
}

Assertion read_assertion(const Section& section) {
  const auto text = [&](std::string_view key, const char* hint) {
    return non_empty_text(section.require(key, hint));
  };
  Assertion result;
  result.line = section.line();
  result.name = text("name", "name the assertion; reports show it");
  result.database = text("database", "name the database whose restored copy is asked");
  result.sql = text("sql", "write a query that gives one value");
  if (const auto value = section.find("expect")) result.expect = non_empty_text(*value);
  return result;
}

}  // namespace

std::chrono::seconds positive_duration(const Section& section, std::string_view key,
                                       std::chrono::seconds fallback) {
  const auto value = section.find(key);
  if (!value) return fallback;
  const auto duration = to_duration(*value);
  if (duration.count() == 0) value->fail("must be more than 0", "write a duration like 15min");
  return duration;
}

double positive_share(const Section& section, std::string_view key, double fallback) {
  const auto value = section.find(key);
  if (!value) return fallback;
  const auto share = to_share(*value);
  if (share <= 0) value->fail("must be more than 0%", "write a share up to 100%");
  return share;
}

std::optional<std::filesystem::path> find_path(const Section& section, std::string_view key) {
  const auto value = section.find(key);
  return value ? std::optional{to_path(*value)} : std::nullopt;
}

std::string read_plain_name(const Section& section, std::string_view example) {
  const auto value =
      section.require("name", fmt::format("give each a name of its own, e.g. `{}`", example));
  auto name = to_text(value);
  const bool harmless =
      !name.empty() && name.size() <= 63 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == name.npos;
  if (!harmless) {
    value.fail(fmt::format("must not be {}", util::quoted(name)),
               "use up to 63 of a-z, 0-9, \"_\" and \"-\"");
  }
  return name;
}

int read_int(const Section& section, std::string_view key, int fallback, int least, int most) {
  const auto value = section.find(key);
  if (!value) return fallback;
  const auto number = to_integer(*value);
  if (number < least || number > most) {
    value->fail(fmt::format("must be between {} and {}, not {}", least, most, number),
                fmt::format("the default is {}", fallback));
  }
  return static_cast<int>(number);
}

std::string non_empty_text(const Value& value) {
  auto text = to_text(value);
  if (text.empty()) value.fail("is empty", "give it a text");
  return text;
}

void require_no_problem(const Value& value, const std::optional<Problem>& problem) {
  if (problem) value.fail(problem->message, problem->hint);
}

Compression read_compression(const Section& top) {
  const auto section = top.section("compression");
  Compression result;
  result.level = read_int(section, "level", result.level, 0, 19);
  result.threads = read_int(section, "threads", result.threads, 0, 256);
  return result;
}

Limits read_limits(const Section& top) {
  const auto section = top.section("limits");
  Limits result;
  if (const auto value = section.find("rate")) {
    result.rate = to_rate(*value);
    if (result.rate == 0) value->fail("must be more than 0", "remove the key to have no limit");
  }
  result.nice = read_int(section, "nice", result.nice, 0, 19);
  if (const auto value = section.find("ionice")) {
    result.ionice = read_choice(
        *value, std::array{Choice<util::IoClass>{"none", util::IoClass::none},
                           Choice<util::IoClass>{"best-effort", util::IoClass::best_effort},
                           Choice<util::IoClass>{"idle", util::IoClass::idle}});
  }
  result.connections = read_int(section, "connections", result.connections, 1, 1000);
  return result;
}

Full read_full(const Section& top) {
  const auto section = top.section("full");
  Full result;
  if (const auto value = section.find("method")) {
    result.method.clear();
    for (const auto& element : value->elements()) {
      const auto method = read_choice(element, std::array{Choice<std::string>{"dump", "dump"},
                                                          Choice<std::string>{"base", "base"}});
      if (std::ranges::find(result.method, method) != result.method.end()) {
        element.fail(fmt::format("{} is there twice", util::quoted(method)), "remove one of them");
      }
      result.method.push_back(method);
    }
    if (result.method.empty()) value->fail("is empty", "write [dump], or remove the key");
  }
  if (const auto value = section.find("fingerprint")) {
    result.fingerprint =
        read_choice(*value, std::array{Choice<FingerprintMode>{"full", FingerprintMode::full},
                                       Choice<FingerprintMode>{"none", FingerprintMode::none}});
  }
  result.jobs = read_int(section, "jobs", result.jobs, 1, 256);
  if (const auto value = section.find("lock_timeout")) result.lock_timeout = to_duration(*value);
  if (const auto value = section.find("slow_store_timeout"))
    result.slow_store_timeout = to_duration(*value);
  if (const auto value = section.find("config_export")) result.config_export = to_boolean(*value);
  return result;
}

Incremental read_incremental(const Section& top) {
  const auto section = top.section("incremental");
  Incremental result;
  result.full_after = positive_duration(section, "full_after", result.full_after);
  result.max_chain = read_int(section, "max_chain", result.max_chain, 0, 10'000);
  return result;
}

Wal read_wal(const Section& top) {
  const auto section = top.section("wal");
  Wal result;
  result.push_jobs = read_int(section, "push_jobs", result.push_jobs, 0, 64);
  result.fetch_jobs = read_int(section, "fetch_jobs", result.fetch_jobs, 0, 64);
  result.archive_timeout = positive_duration(section, "archive_timeout", result.archive_timeout);
  return result;
}

Verify read_verify(const Section& top) {
  const auto section = top.section("verify");
  Verify result;
  if (const auto value = section.find("database_prefix")) {
    result.database_prefix = to_text(*value);
    // A timestamp follows, and PostgreSQL's names end at 63 bytes.
    require_no_problem(*value, problem_with_identifier(result.database_prefix, 40));
    if (result.database_prefix.starts_with("pg_")) {
      value->fail("must not begin with \"pg_\"", "PostgreSQL keeps such names for itself");
    }
  }
  result.jobs = read_int(section, "jobs", result.jobs, 1, 256);
  result.sample = positive_share(section, "sample", result.sample);
  std::set<std::string> names;
  for (const auto& element : section.sections("assertions")) {
    auto assertion = read_assertion(element);
    if (!names.insert(assertion.name).second) {
      element.find("name")->fail(fmt::format("{} is used twice", util::quoted(assertion.name)),
                                 "give every assertion a name of its own");
    }
    result.assertions.push_back(std::move(assertion));
  }
  return result;
}

Recover read_recover(const Section& top, const util::Environment& environment) {
  const auto value = top.section("recover").find("scratch_directory");
  return {value ? to_path(*value) : default_directory("scratch", environment)};
}

Objectives read_objectives(const Section& top) {
  const auto section = top.section("objectives");
  Objectives result;
  result.rpo = positive_duration(section, "rpo", result.rpo);
  result.rto = positive_duration(section, "rto", result.rto);
  result.window = positive_duration(section, "window", result.window);
  return result;
}

}  // namespace bkp::config
