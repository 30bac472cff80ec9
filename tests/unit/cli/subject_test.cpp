#include "cli/subject.hpp"

#include <catch2/catch.hpp>

#include "cli/shared_options.hpp"

namespace bkp::cli {

namespace {

std::string subject(std::vector<std::string> arguments) {
  CLI::App app{"test"};
  SharedOptions shared;
  define(app, shared);
  const std::vector<const CLI::Option*> known = static_cast<const CLI::App&>(app).get_options();
  std::string id;
  std::vector<std::string> databases;
  bool all = false;
  std::string store;
  app.add_option("id", id);
  app.add_option("--db", databases);
  app.add_flag("-a,--all", all);
  app.add_option_group("elsewhere")->add_option("--store", store);
  app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
  return subject_of(app, "full", known);
}

}  // namespace

TEST_CASE("the subject of a run is what it does, however it is written and whoever starts it") {
  CHECK(subject({}) == "full");
  CHECK(subject({"-q", "--triggered-by", "schedule", "--config", "/x"}) == "full");
  CHECK(subject({"--db=a", "--db", "b c"}) == "full --db a --db 'b c'");
  CHECK(subject({"-a", "latest", "--store", "s"}) == subject({"--store=s", "latest", "--all"}));
  CHECK(subject({"latest", "--all"}) == "full latest --all");
}

TEST_CASE("nothing secret and nothing that a terminal obeys is in a subject") {
  CHECK(subject({"--store", "s3://key:secret@host/"}).find("secret") == std::string::npos);
  CHECK(subject({"a\x1b[31mb"}).find('\x1b') == std::string::npos);
}

}  // namespace bkp::cli
