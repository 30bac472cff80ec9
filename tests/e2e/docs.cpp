// What is written about the programs is true: --help, man pages, completion, README and guides
// agree.
#include <unistd.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "support/archiving_site.hpp"
#include "support/replaced.hpp"

using namespace bkp::test;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Names = std::set<std::string>;

namespace {

const fs::path source = fs::path{BKP_TEST_DATA}.parent_path().parent_path();

std::vector<std::smatch> all_matches(const std::string& text, const std::regex& pattern) {
  return {std::sregex_iterator{text.begin(), text.end(), pattern}, std::sregex_iterator{}};
}

Names first_groups(const std::string& text, const std::string& expression) {
  Names names;
  for (const auto& match : all_matches(text, std::regex{expression})) names.insert(match[1]);
  return names;
}

Names commands() {
  Names names;
  for (const auto& entry : fs::directory_iterator{InstalledBkp::prefix() / "libexec/bkp"}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("bkp-")) names.insert(name.substr(4));
  }
  return names;
}

std::string help_of(const std::string& command) {
  const auto outcome = InstalledBkp{}.run({command, "--help"});
  INFO(outcome);
  REQUIRE(outcome.succeeded());
  return outcome.out;
}

// The options a help text explains, each at the beginning of a line.
Names options_in(const std::string& help) {
  return first_groups(help, R"(\n\s+(?:-[a-zA-Z],)?(--[a-z][a-z-]*))");
}

Names shared_options() {
  const auto help = help_of("list");
  const auto start = help.find("Shared options:");
  REQUIRE(start != std::string::npos);
  const auto end = help.find("\n\n", start);
  return options_in(help.substr(start, end - start));
}

std::string page_text(const std::string& name) {
  return read_text(InstalledBkp::prefix() / "share/man" /
                   (name.ends_with(".yaml") ? "man5" : "man1") /
                   (name + (name.ends_with(".yaml") ? ".5" : ".1")));
}

// The options that a page explains: in items of a list, `.It Fl q , Fl Fl quiet`.
Names options_on_page(const std::string& page) {
  Names names;
  for (const auto& item : first_groups(page, R"(\n\.It (Fl [^\n]*))")) {
    for (const auto& name : first_groups(item, "Fl Fl ([a-z-]+)")) names.insert("--" + name);
  }
  return names;
}

// What the completion offers for the last of these words.
Names completions(const std::vector<std::string>& words, const std::string& config = {}) {
  std::string script =
      "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _bkp; "
      "printf '%s\\n' \"${COMPREPLY[@]}\"";
  std::vector<std::string> argv{
      "bash",
      "-c",
      script,
      "bash",
      (InstalledBkp::prefix() / "share/bash-completion/completions/bkp").string(),
      "bkp"};
  argv.insert(argv.end(), words.begin(), words.end());
  std::istringstream lines{output_of(Program{argv}.with_variable("BKP_CONFIG", config))};
  Names names;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) names.insert(line);
  }
  return names;
}

Names united(Names names, const Names& more) {
  names.insert(more.begin(), more.end());
  return names;
}

// The blocks of a Markdown text in this language.
std::vector<std::string> blocks(const std::string& markdown, const std::string& language) {
  std::vector<std::string> result;
  const std::string fence = "```" + language + "\n";
  for (auto at = markdown.find(fence); at != std::string::npos; at = markdown.find(fence, at + 1)) {
    const auto column = at - (markdown.rfind('\n', at) + 1);
    const auto start = at + fence.size();
    std::istringstream lines{markdown.substr(start, markdown.find("```", start) - start)};
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      text += (line.size() > column ? line.substr(column) : "") + "\n";
    }
    result.push_back(text);
  }
  return result;
}

// Every string literal of the library, with adjacent ones joined as the compiler does.
std::string all_literals() {
  std::string text;
  for (const auto& entry : fs::recursive_directory_iterator{source / "lib"}) {
    if (entry.path().extension() == ".cpp") text += read_text(entry.path());
  }
  return std::regex_replace(text, std::regex{"\"\\s*\n\\s*\""}, "");
}

}  // namespace

TEST_CASE("every command has a man page, and every man page of one a command") {
  Names with_page;
  for (const auto& entry : fs::directory_iterator{InstalledBkp::prefix() / "share/man/man1"}) {
    const auto name = entry.path().stem().string();
    if (name.starts_with("bkp-")) with_page.insert(name.substr(4));
  }
  CHECK(with_page == united(commands(), {"help"}));
}

TEST_CASE("bkp(1), the completion and the README name every command") {
  const auto expected = united(commands(), {"help"});
  CHECK(first_groups(page_text("bkp"), R"(\n\.It Cm ([a-z-]+)\n)") == expected);
  CHECK(completions({""}) == united(expected, {"--version", "--help"}));
  const auto readme = read_text(source / "README.md");
  CHECK(first_groups(readme, R"(\(man/bkp-([a-z-]+)\.1\))") == expected);
}

TEST_CASE("the options of --help, of the man page and of the completion are the same") {
  const auto shared = shared_options();
  CHECK(options_on_page(page_text("bkp")) == shared);
  for (const auto& command : commands()) {
    CAPTURE(command);
    const auto help = options_in(help_of(command));
    auto own = help;
    for (const auto& option : shared) {
      CHECK(help.contains(option));
      own.erase(option);
    }
    CHECK(options_on_page(page_text("bkp-" + command)) == own);
    CHECK(completions({command, "--"}) == help);
  }
}

TEST_CASE("the completion offers the values that an option takes") {
  for (const auto& command : commands()) {
    const auto help = help_of(command);
    for (const auto& match : all_matches(help, std::regex{R"((--[a-z-]+) [A-Z|]+:\{([^}]*)\})"})) {
      CAPTURE(command, match.str());
      CHECK(completions({command, match[1], ""}) == first_groups(match[2], "([^,]+)"));
    }
  }
}

TEST_CASE("the completion knows --option=value, short options and the stores") {
  CHECK(completions({"verify", "--level", "="}) == Names{"checksum", "restore", "drill"});
  CHECK(completions({"verify", "--level", "=", "d"}) == Names{"drill"});
  CHECK(completions({"list", "--status", "=", "pu"}) == Names{"purged"});
  const auto all = completions({"list", "-"});
  for (const auto* option : {"-q", "-v", "-h"}) CHECK(all.contains(option));
  const TemporaryDirectory directory;
  const auto file = (directory / "bkp.yaml").string();
  write_text(file,
             "site: studio\nstores:\n  - name: local\n    url: file:///a\n"
             "  # - name: dreamt\n  - {url: 'file:///b', name: \"vault\"}\n"
             "verify:\n  assertions: [{name: enough, database: a, sql: select 1}]\n");
  CHECK(completions({"full", "--store", ""}, file) == Names{"local", "vault"});
  CHECK(completions({"list", "--config", file, "--store", "v"}) == Names{"vault"});
  CHECK(completions({"full", "--store", ""}, "/nonexistent").empty());
}

TEST_CASE("bkp help lists every command with the line that its --help begins with") {
  const auto list = InstalledBkp{}.run({"help"});
  CHECK(first_groups(list.out, R"(\n  ([a-z-]+) +[a-z])") == united(commands(), {"help"}));
  CHECK(InstalledBkp{}.run({}).err == list.out);
  for (const auto& command : commands()) {
    std::smatch summary;
    const auto help = help_of(command);
    REQUIRE(std::regex_search(help, summary, std::regex{"([^\n]+)"}));
    CAPTURE(command, summary.str());
    CHECK_THAT(list.out, Contains("\n  " + command + " ") && Contains(" " + summary.str() + "\n"));
    CHECK(std::islower(static_cast<unsigned char>(summary.str().front())) != 0);
  }
}

TEST_CASE("the README's configuration is valid") {
  const auto yaml = blocks(read_text(source / "README.md"), "yaml");
  REQUIRE_FALSE(yaml.empty());
  const TemporaryDirectory directory;
  // The run is noted in the catalog or the spool: not in those of this machine.
  const auto state = (directory / "state").string();
  write_text(directory / "bkp.yaml",
             replaced(replaced(yaml.front(), "/var/lib/bkp", state), "/var/run/postgresql", state));
  fs::permissions(directory / "bkp.yaml", fs::perms::owner_read);
  const auto outcome =
      InstalledBkp{}.with_config(directory / "bkp.yaml").run({"check", "--explain"});
  INFO(outcome);
  CHECK(outcome.succeeded());
  CHECK_THAT(outcome.out, Contains("vault"));
}

TEST_CASE("the README's exit codes are those of bkp(1)") {
  const auto expected = first_groups(
      page_text("bkp").substr(page_text("bkp").find(".Sh EXIT STATUS")), R"(\n\.It ([0-9]+)\n)");
  CHECK(expected.size() == 12);
  const auto readme = read_text(source / "README.md");
  const auto start = readme.find("## Exit codes");
  CHECK(first_groups(readme.substr(start, readme.find("\n## ", start + 1) - start),
                     R"(\n\| ([0-9]+) \|)") == expected);
}

TEST_CASE("a role with the README's grants and no more backs up, verifies and restores") {
  const auto sql = blocks(read_text(source / "README.md"), "sql");
  REQUIRE_FALSE(sql.empty());
  REQUIRE_THAT(sql.front(), Contains("CREATE ROLE bkp"));
  Site site;
  site.cluster().psql("postgres", sql.front());
  site.cluster().psql("postgres", "create role owner");
  site.cluster().create_database("app", "OWNER owner");
  site.cluster().psql("app",
                      "set role owner; create schema s; create table s.secret (id int primary key);"
                      "insert into s.secret select generate_series(1, 100);"
                      "alter table s.secret enable row level security;"
                      "alter table s.secret force row level security");
  site.write_config(replaced(site.base_config(), "user=postgres", "user=bkp"));
  site.must({"init"});
  site.must({"full", "--db", "app"});
  const auto verify = site.json({"verify", "--db", "app"});
  INFO(verify.dump(1));
  CHECK(verify.at("status") == "ok");
  site.must({"restore", "latest", "--db", "app", "--into", "again", "--no-owner"});
  CHECK(site.cluster().psql("again", "select count(*) from s.secret") == "100");
  CHECK(site.cluster().psql("postgres", "select rolsuper from pg_roles where rolname = 'bkp'") ==
        "f");
}

TEST_CASE("the guides' queries run") {
  Site site{"databases: [app]\n"};
  site.cluster().create_database("app");
  site.must({"init"});
  site.must({"full"});
  const auto queries = blocks(read_text(source / "man/guide-audit.md"), "sql");
  REQUIRE(queries.size() >= 12);
  for (const auto& query : queries) {
    const auto outcome = site.cluster().try_psql("bkp", query);
    INFO(outcome);
    CHECK(outcome.succeeded());
  }
  CHECK_THAT(site.cluster().psql("bkp", queries.front()), Contains("app|"));
  // What the queries look for, in the quarter that ended last.
  site.cluster().psql(
      "bkp",
      "update bkp.backups set started_at = date_trunc('quarter', now()) - interval '80 days',"
      "  completed_at = date_trunc('quarter', now()) - interval '80 days';"
      "insert into bkp.runs (run_key, command, started_at, status) values (gen_random_uuid(),"
      "  'full', date_trunc('quarter', now()) - interval '2 days', 'failed')");
  const auto answer_with = [&](const std::string& words) {
    const auto query = std::ranges::find_if(
        queries, [&](const auto& one) { return one.find(words) != std::string::npos; });
    REQUIRE(query != queries.end());
    return site.cluster().psql("bkp", *query);
  };
  const auto days = answer_with("generate_series");
  CHECK(std::ranges::count(days, '\n') + 1 == 79);
  CHECK_THAT(answer_with("until_good"), Contains("|full|failed||"));
  CHECK_THAT(answer_with("tgenabled"), Contains("refuse_change|O|bkp_owner|"));
}

TEST_CASE("the audit guide's evidence for a quarter is collected by its own commands") {
  const auto commands = blocks(read_text(source / "man/guide-audit.md"), "sh").back();
  Site site{"databases: [app]\n"};
  site.cluster().create_database("app");
  site.must({"init"});
  site.must({"full"});
  const auto path = (InstalledBkp::prefix() / "bin").string() + ":" + std::getenv("PATH");
  output_of(Program{{"bash", "-c", "cd \"$1\"\n" + commands, "bash", site.directory().string()}}
                .with_variable("BKP_CONFIG", site.config_file().string())
                .with_variable("PATH", path));
  const auto evidence = site.directory() / "evidence";
  int documents = 0;
  for (const auto& file : fs::directory_iterator{evidence}) {
    CAPTURE(file.path());
    CHECK_FALSE(fs::is_empty(file));
    if (file.path().extension() != ".json" || file.path().stem() == "catalog") continue;
    ++documents;
    CHECK(nlohmann::json::parse(read_text(file))["schema"] == "bkp/v1");
  }
  CHECK(documents == 6);
  CHECK(nlohmann::json::parse(read_text(evidence / "drill.json"))["status"] == "ok");
  CHECK_THAT(read_text(evidence / "SHA256SUMS"),
             Contains("drill.xml") && Contains("runbook.html") && Contains("status.json"));
}

TEST_CASE("the messages in the troubleshooting guide are messages of the programs") {
  const auto guide = read_text(source / "man/guide-troubleshooting.md");
  const auto literals = all_literals();
  int messages = 0;
  for (const auto& row : all_matches(guide, std::regex{R"(\n\| `([^`]+)`)"})) {
    CAPTURE(row[1]);
    ++messages;
    std::istringstream words{replaced(row[1], "…", "\n")};
    for (std::string fragment; std::getline(words, fragment);) {
      CAPTURE(fragment);
      if (fragment.size() > 3) CHECK(literals.find(fragment) != std::string::npos);
    }
  }
  CHECK(messages > 30);
}
