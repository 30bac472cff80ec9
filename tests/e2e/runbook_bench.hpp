#pragma once

#include <catch2/catch.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/site.hpp"

namespace bkp::test {

/// A command of a runbook's page; see report/runbook.hpp.
struct Step {
  std::string id;
  std::string scenario;
  std::string as;
  bool manual = false;  // installs software or opens a shell
  std::string text;
};

inline std::string without_entities(std::string html) {
  const std::pair<const char*, const char*> entities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
  for (const auto& [entity, text] : entities) {
    html = std::regex_replace(html, std::regex{entity}, text);
  }
  return html;
}

inline std::vector<Step> steps_in(const std::filesystem::path& page) {
  const auto html = read_text(page);
  std::vector<Step> steps;
  for (auto at = html.find("<code class=\"cmd\""); at != std::string::npos;
       at = html.find("<code class=\"cmd\"", at + 1)) {
    const auto start = html.find('>', at) + 1;
    const auto tag = html.substr(at, start - at);
    const auto attribute = [&](const std::string& name) {
      std::smatch match;
      return std::regex_search(tag, match, std::regex{name + "=\"([^\"]*)\""}) ? match[1].str()
                                                                               : "";
    };
    steps.push_back({attribute(" id"), attribute("data-scenario"), attribute("data-as"),
                     !attribute("data-manual").empty(),
                     without_entities(html.substr(start, html.find("</code>", start) - start))});
  }
  return steps;
}

/// A site with a backup, its printed runbook, and the machine a reader of it sits at.
class Bench {
 public:
  explicit Bench(const std::string& yaml = {}, std::string database = "studio",
                 const std::function<void(const Site&)>& before_init = {})
      : m_site{yaml}, m_database{std::move(database)} {
    if (before_init) before_init(m_site);
    m_site.cluster().psql("postgres", "create role artist login password 'pencil'");
    m_site.cluster().create_database(m_database);
    m_site.cluster().psql(
        m_database,
        "create table character (id int primary key, name text);"
        "create table segment (id int generated always as identity primary key,"
        "  character int references character, body text);"
        "create index on segment (character);"
        "insert into character select i, 'c' || i from generate_series(1, 50) i;"
        "insert into segment (character, body) select i % 50 + 1, repeat(md5(i::text), 3)"
        "  from generate_series(1, 2000) i;"
        "grant select on segment to artist;"
        "select lo_from_bytea(0, 'picture')");
    m_digest = database_digest(m_site.cluster(), m_database);
    m_site.must({"init"});
    m_site.must({"full"});
    m_site.must({"runbook", "--out", page().string()});
    // What root does as another user, the test does as whoever it is.
    write_text(m_tools / "runuser", "#!/bin/sh\nshift 3\nPGUSER=postgres exec \"$@\"\n");
    std::filesystem::permissions(m_tools / "runuser", std::filesystem::perms::owner_all);
  }

  Site& site() { return m_site; }
  Cluster& cluster() { return m_site.cluster(); }
  const std::string& database() const { return m_database; }
  const std::string& digest() const { return m_digest; }
  std::filesystem::path page() const { return m_tools / "printed.html"; }

  /// What a person at a shell would see; bkp is there unless it is what was lost.
  Outcome type(const std::string& command, bool with_bkp = true,
               const std::optional<User>& user = std::nullopt) {
    std::string path =
        m_tools.path().string() + ":" + cluster().bin_directory().string() + ":/usr/bin:/bin";
    if (with_bkp) path = (InstalledBkp::prefix() / "bin").string() + ":" + path;
    Program shell{{"bash", "-o", "pipefail", "-c", command}};
    if (user) shell.as_user(*user);
    return shell.with_variable("PATH", path)
        .with_variable("HOME", m_tools.path().string())
        .in_directory("/")
        .run();
  }

  /// Types every command of a chapter in the page's order, and the one with the id `besides` where
  /// it stands; returns how many. Row checks must agree. With `user` those that are his are typed
  /// as he.
  int follow(const std::string& scenario, bool with_bkp = true,
             const std::optional<User>& user = std::nullopt, const std::string& besides = {}) {
    int typed = 0;
    for (const auto& step : steps_in(page())) {
      if ((step.scenario != scenario && step.id != besides) || step.manual) continue;
      const bool his = user && step.as == user->name;
      const auto outcome = type(step.text, with_bkp, his ? user : std::nullopt);
      INFO(step.id << ":\n" << step.text << "\n" << outcome);
      REQUIRE(outcome.succeeded());
      CHECK_THAT(outcome.out, !Catch::Matchers::Contains("| f\n"));
      ++typed;
    }
    return typed;
  }

  Step step(const std::string& id) {
    for (auto& step : steps_in(page())) {
      if (step.id == id) return step;
    }
    throw std::runtime_error{"the page has no command " + id};
  }

 private:
  Site m_site;
  TemporaryDirectory m_tools;
  std::string m_database;
  std::string m_digest;
};

}  // namespace bkp::test
