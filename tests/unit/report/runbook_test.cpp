#include "report/runbook.hpp"
#include "report/command_text.hpp"

#include <regex>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "report/runbook_commands.hpp"
#include "sample_model.hpp"
#include "stream/hash.hpp"
#include "util/base64.hpp"
#include "util/text.hpp"

namespace bkp::report {

namespace {

using Catch::Matchers::Contains;

std::vector<std::string> all_matches(const std::string& text, const std::string& expression) {
  const std::regex pattern{expression};
  std::vector<std::string> result;
  for (std::sregex_iterator i{text.begin(), text.end(), pattern}, end; i != end; ++i) {
    result.push_back((*i)[1]);
  }
  return result;
}

// Every element that is opened is closed in order; what HTML knows as void needs no end.
std::string first_nesting_error(const std::string& html) {
  static const std::set<std::string> empty_elements{"meta", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (const auto& tag : all_matches(html, "<(/?[A-Za-z!][A-Za-z0-9]*)[^<>]*>")) {
    if (tag.front() != '/') {
      if (!empty_elements.contains(tag)) open.push_back(tag);
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "</" + tag.substr(1) + "> closes " + (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

std::string without_entities(std::string html) {
  for (const auto& [entity, text] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}}) {
    for (std::size_t at = 0; (at = html.find(entity, at)) != std::string::npos; at += text.size()) {
      html.replace(at, entity.size(), text);
    }
  }
  return html;
}

// The text of the command block with this id.
std::string command(const std::string& html, const std::string& id) {
  const auto start = html.find("id=\"" + id + "\"");
  if (start == std::string::npos) return {};
  const auto from = html.find('>', start) + 1;
  return without_entities(html.substr(from, html.find("</code>", from) - from));
}

RunbookModel model_of(bool hostile, bool bases) {
  const auto model = hostile ? test::hostile_model() : test::sample_model();
  return bases ? test::with_bases(model) : model;
}

// One chapter, from its heading to the next one's.
std::string chapter(const std::string& html, const std::string& id) {
  const auto start = html.find("<h2 id=\"" + id + "\"");
  return start == html.npos ? "" : html.substr(start, html.find("\n<h2 ", start) - start);
}

// The number of the step that has this command; 0: none.
std::size_t step_of(const std::string& steps, const std::string& id) {
  const auto at = steps.find(" id=\"" + id + "\"");
  return at == steps.npos ? 0 : all_matches(steps.substr(0, at), "(<li>)").size();
}

}  // namespace

TEST_CASE("the page is well-formed, whatever the names") {
  const bool hostile = GENERATE(false, true);
  const bool bases = GENERATE(false, true);
  const auto html = render_runbook(model_of(hostile, bases));
  CHECK(first_nesting_error(html).empty());
  CHECK(util::is_valid_utf8(html));
  CHECK(html.find("{{") == (hostile ? html.find("{{site}} {{{site}}}") : std::string::npos));
}

TEST_CASE("the page refers to nothing outside and runs nothing but its own script") {
  const bool hostile = GENERATE(false, true);
  const bool bases = GENERATE(false, true);
  const auto html = render_runbook(model_of(hostile, bases));
  CHECK(all_matches(html, "<(link|img|iframe|object|embed|base|form)\\b").empty());
  // Of another text than this one no browser runs anything.
  const auto begin = html.find("<script>") + 8;
  const auto script = html.substr(begin, html.find("</script>", begin) - begin);
  CHECK(all_matches(html, "(<script)\\b").size() == 1);
  CHECK_THAT(html, Catch::Contains("default-src 'none'") &&
                       Catch::Contains("script-src 'sha256-" +
                                       util::to_base64(stream::sha256_of(script),
                                                       util::Base64Padding::present) +
                                       "'\""));
  CHECK(all_matches(html, "(@import|url\\()").empty());
  for (const auto& target : all_matches(html, "(?:href|src)=\"([^\"]*)\"")) {
    CAPTURE(target);
    CHECK(target.front() == '#');
  }
}

TEST_CASE("every id is unique and every link inside the page leads somewhere") {
  const bool hostile = GENERATE(false, true);
  const bool bases = GENERATE(false, true);
  const auto html = render_runbook(model_of(hostile, bases));
  const auto ids = all_matches(html, " id=\"([^\"]*)\"");
  const std::set<std::string> unique{ids.begin(), ids.end()};
  CHECK(unique.size() == ids.size());
  CHECK(ids.size() > 20);
  for (const auto& target : all_matches(html, "href=\"#([^\"]*)\"")) {
    CAPTURE(target);
    CHECK(unique.contains(target));
  }
}

TEST_CASE("no password is on the page") {
  auto model = test::sample_model();
  model.cluster = pg::Conninfo::parse(
      "host=db2 user=bkp password=hunter2 sslpassword=hunter3 passfile=/etc/bkp/pgpass");
  const auto html = render_runbook(model);
  CHECK_THAT(html, !Contains("hunter2") && !Contains("hunter3") && Contains("/etc/bkp/pgpass"));
}

TEST_CASE("a command read out of the page is the command") {
  const auto model = test::hostile_model();
  const auto html = render_runbook(model);
  for (std::size_t i = 0; i < model.databases.size(); ++i) {
    const auto commands = database_commands(model, *model.databases[i].newest);
    const auto number = std::to_string(i + 1);
    CHECK(command(html, "database-" + number + "-restore") == wrapped(commands.restore_beside));
    CHECK(command(html, "database-" + number + "-switch") == wrapped(commands.switch_over));
    CHECK(command(html, "stock-" + number + "-restore") == wrapped(commands.stock_restore));
    CHECK(command(html, "table-" + number + "-copy") == wrapped(commands.copy_table_back));
  }
}

TEST_CASE("a step of the site's own is text on the page, and its command is as it was written") {
  const auto model = test::hostile_model();
  const auto html = render_runbook(model);
  CHECK(command(html, "own-1-2") == model.procedures[0].steps[1].command);
  CHECK(model.procedures[0].steps[1].command != wrapped(model.procedures[0].steps[1].command));
  CHECK_THAT(html, Contains("<td>&lt;i&gt;when&lt;/i&gt; {{site}}</td>") &&
                       Contains("&lt;/ol&gt;&lt;b&gt;text&lt;/b&gt;") &&
                       Contains("data-as=\"&lt;r&gt;\""));
}

TEST_CASE("the page carries this site's values") {
  const auto html = render_runbook(test::sample_model());
  CHECK_THAT(html, Contains("20261121T020000Z-full-studio") && Contains("2026-11-21T02:03:30Z"));
  CHECK_THAT(html, Contains(std::string(64, 'b')) && Contains(std::string(32, 'a')));
  CHECK_THAT(html, Contains("file:///mnt/vault/studio/backups/20261121T020000Z-full-studio"));
  CHECK_THAT(html, Contains("7301234567890123456") && Contains("15.18") && Contains("1.5.4"));
  CHECK_THAT(html, Contains("4min 12s") && Contains("166200 in 3 tables, 12 large objects"));
  CHECK_THAT(html, Contains("On call: +49 30 1234567") && Contains("yes, 2026-11-21T04:00:00Z"));
  CHECK_THAT(html, Contains("2 of 31") && Contains("no, held"));
}

TEST_CASE("a backup that no restore has proven is called a hope") {
  auto model = test::sample_model();
  model.databases[0].newest->verified = false;
  model.databases[0].newest->verified_at.reset();
  model.databases[0].restore_seconds.reset();
  const auto html = render_runbook(model);
  CHECK_THAT(html, Contains("a hope until it is restored once") && Contains("not measured yet"));
}

TEST_CASE("a backup whose last verification failed is not offered as a hope") {
  auto model = test::sample_model();
  auto& newest = *model.databases[0].newest;
  newest.verified = false;
  newest.verification_error = "rows <differ>";
  newest.damaged = {"vault"};
  auto html = render_runbook(model);
  CHECK_THAT(html, Contains("NO: its last verification, 2026-11-21T04:00:00Z, FAILED: rows &lt;") &&
                       !Contains("a hope until it is restored once") &&
                       Contains("damaged: its last check failed"));
  CHECK(html.find("LAST VERIFICATION FAILED") == html.npos);
  model.databases[0].history[0].verified = false;
  model.databases[0].history[0].failed_at = util::parse_time("2026-11-21T04:00:00Z");
  html = render_runbook(model);
  CHECK(all_matches(html, "(LAST VERIFICATION FAILED 2026-11-21T04:00:00Z)").size() == 1);
  CHECK_THAT(html, Contains("no, held"));
}

TEST_CASE("a site without any backup still has a page, which says so") {
  auto model = test::sample_model();
  model.databases[0].newest.reset();
  model.databases[0].history.clear();
  const auto html = render_runbook(model);
  CHECK_THAT(html, Contains("There is no good backup of this database") &&
                       Contains("There is no good backup\nyet"));
  CHECK(first_nesting_error(html).empty());
  CHECK(command(html, "database-1-restore").empty());
}

TEST_CASE("a single store is called a risk; two are each other's rescue") {
  auto model = test::sample_model();
  CHECK_THAT(render_runbook(model), !Contains("has one store only"));
  CHECK_FALSE(command(render_runbook(model), "store-1-copy").empty());
  CHECK_FALSE(command(render_runbook(model), "store-2-copy").empty());
  model.stores.pop_back();
  CHECK_THAT(render_runbook(model), Contains("has one store only"));
}

TEST_CASE("a page is as new as the newest backup of all, of a database or of the cluster") {
  auto model = test::sample_model();
  CHECK_THAT(render_runbook(model),
             Contains("sorts after <code>20261121T020000Z-full-studio</code>"));
  model = test::with_bases(model);
  CHECK_THAT(render_runbook(model),
             Contains("newest backup in it is <code>20261121T130000Z-incr</code>") &&
                 Contains("sorts after <code>20261121T130000Z-incr</code>"));
  model.databases[0].newest->manifest.label = "20261121T140000Z-full-studio";
  CHECK_THAT(render_runbook(model),
             Contains("sorts after <code>20261121T140000Z-full-studio</code>"));
  model.databases.clear();
  CHECK_THAT(render_runbook(model), Contains("sorts after <code>20261121T130000Z-incr</code>") &&
                                        !Contains("There is no good backup"));
}

TEST_CASE("a lost cluster comes back from its base backup first, from dumps when that fails") {
  const auto ways = [](const std::string& html) {
    const auto row = html.substr(html.find("whole cluster is gone"));
    return all_matches(row.substr(0, row.find("</tr>")), "href=\"#([a-z]+)\"");
  };
  auto html = render_runbook(test::sample_model());
  CHECK(ways(html) == std::vector<std::string>{"host"});
  CHECK_THAT(chapter(html, "host"), !Contains("#moment"));
  CHECK(chapter(html, "moment").empty());
  html = render_runbook(test::with_bases(test::sample_model()));
  CHECK(ways(html) == std::vector<std::string>{"moment", "host"});
  CHECK(all_matches(html, "(whole cluster is gone)").size() == 1);
  const auto dumps = chapter(html, "host");
  CHECK(dumps.find("href=\"#moment\"") < dumps.find("<ol"));
  CHECK_THAT(dumps, Contains("when there is no base backup, or G fails"));
}

TEST_CASE("a new cluster in the old one's place is told not to archive beside its WAL") {
  CHECK_THAT(
      chapter(render_runbook(test::sample_model()), "host"),
      Contains("with other content") && Contains("<code>studio/wal</code> away on every store"));
}

TEST_CASE("a cluster that came back is archived, backed up, entered in the catalog and verified") {
  auto model = test::with_bases(test::sample_model());
  const auto html = render_runbook(model);
  auto back = chapter(html, "moment");
  const auto full = step_of(back, "moment-full");
  CHECK(full == 8);
  CHECK(step_of(back, "moment-rebuild-1") == full + 1);
  CHECK(step_of(back, "moment-rebuild-2") == full + 1);
  CHECK(step_of(back, "moment-check") == full + 2);
  CHECK(step_of(back, "moment-verify") == full + 3);
  CHECK(command(html, "moment-rebuild-2") == "bkp catalog rebuild --store vault");
  CHECK(command(html, "moment-verify") == "bkp verify");
  // A catalog elsewhere was not lost.
  model.catalog_database.clear();
  back = chapter(render_runbook(model), "moment");
  CHECK(step_of(back, "moment-rebuild-1") == 0);
  CHECK(step_of(back, "moment-verify") == full + 2);
}

TEST_CASE("before the cluster is recovered the page asks for a store that is lost") {
  auto model = test::with_bases(test::sample_model());
  const auto back = chapter(render_runbook(model), "moment");
  REQUIRE_THAT(back, Contains("pitr-restore --latest"));
  CHECK(back.find("<code>required: false</code>") < back.find("pitr-restore --latest"));
  CHECK_THAT(back, Contains("exit code 6"));
  model.stores.pop_back();
  CHECK_THAT(chapter(render_runbook(model), "moment"), !Contains("lost for good"));
}

TEST_CASE("a new store gets the archived WAL too, before it is proven") {
  auto model = test::sample_model();
  CHECK(command(render_runbook(model), "store-1-wal-check").empty());
  CHECK_THAT(chapter(render_runbook(model), "store"), !Contains("archived WAL"));
  model = test::with_bases(model);
  const auto html = render_runbook(model);
  CHECK(command(html, "store-2-wal-check") == "bkp wal-check");
  const auto lost = chapter(html, "store");
  CHECK(step_of(lost, "store-1-wal-check") == step_of(lost, "store-1-copy") + 1);
  CHECK(step_of(lost, "store-1-verify") == step_of(lost, "store-1-copy") + 2);
  CHECK(command(html, "new-store-base").empty());
  model.stores.pop_back();
  CHECK(command(render_runbook(model), "new-store-base") == "bkp full --method base");
}

TEST_CASE("the page beside a backup is about its database alone") {
  auto model = test::sample_model();
  model.databases.push_back(model.databases[0]);
  model.databases.back().name = "accounts";
  model.databases.back().newest->manifest.database.name = "accounts";
  const auto html = render_runbook(for_database(model, "studio"));
  CHECK_THAT(html, Contains("Database studio") && !Contains("accounts"));
}

}  // namespace bkp::report
