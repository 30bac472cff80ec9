#include "catalog/spool.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"
#include "util/error.hpp"

using namespace bkp;
using namespace bkp::catalog;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr auto run_key = "5f0c3a52-6a53-4d4e-8d3c-0f6f3a9c1b11";

Event event_number(int number) {
  return Event::make(run_key, "audited", {{"number", number}});
}

std::vector<int> numbers(const std::vector<Event>& events) {
  std::vector<int> result;
  for (const auto& event : events) result.push_back(event.data.at("number").get<int>());
  return result;
}

/// A spool file of a run that is dead, with this text.
fs::path left_behind(const TemporaryDirectory& directory, const std::string& text,
                     const std::string& name = "dead.jsonl") {
  test::write_text(directory / name, text);
  return directory / name;
}

}  // namespace

TEST_CASE("an event survives the way through its line") {
  const auto event = Event::make(run_key, "audited", {{"text", "a\nb \"c\" ü"}, {"n", 1}});
  const auto line = to_line(event);
  CHECK(line.find('\n') == line.npos);
  const auto again = event_from_line(line);
  REQUIRE(again);
  CHECK(again->id == event.id);
  CHECK(again->run_key == run_key);
  CHECK(again->kind == "audited");
  CHECK(again->data == event.data);
}

TEST_CASE("each event has an id of its own") {
  CHECK(event_number(1).id != event_number(1).id);
  CHECK(event_number(1).id.size() == 36);
}

TEST_CASE("what a failed flush left of a longer line does not spoil the next one") {
  const TemporaryDirectory directory;
  SpoolWriter writer{directory.path(), run_key};
  writer.append(event_number(1));
  const auto file = directory / (std::string{run_key} + ".jsonl");
  test::write_text(file, test::read_text(file) + std::string(4000, 'x') + "\n");
  writer.append(event_number(2));
  CHECK(numbers(writer.events()) == std::vector{1, 2});
  CHECK(test::read_text(file).find("xxx") == std::string::npos);
}

TEST_CASE("texts that PostgreSQL could not store are escaped, wherever they stand") {
  const auto event = Event::make(
      run_key, "audited",
      {{"latin1", "caf\xe9"}, {"zero", std::string("a\0b", 3)}, {"list", {"\xff", "fine ü"}}});
  CHECK(event.data["latin1"] == "caf\\xe9");
  CHECK(event.data["zero"] == "a\\x00b");
  CHECK(event.data["list"][0] == "\\xff");
  CHECK(event.data["list"][1] == "fine ü");
  CHECK(event_from_line(to_line(event)));
}

TEST_CASE("what is no event is not taken for one") {
  for (const char* line :
       {"", "{", "[]", "17", "{\"v\": 1}",
        "{\"v\": 1, \"id\": 5, \"run_key\": \"\", \"kind\": \"\"}",
        "{\"v\": 2, \"id\": \"a\", \"run_key\": \"b\", \"kind\": \"c\", \"data\": {}}"}) {
    CAPTURE(line);
    CHECK_FALSE(event_from_line(line));
  }
}

TEST_CASE("a spool file is private and appears with its first event") {
  const TemporaryDirectory directory;
  SpoolWriter writer{directory / "new/spool", run_key};
  CHECK(waiting_spool_files(directory / "new/spool").empty());
  CHECK(writer.empty());
  writer.append(event_number(1));
  writer.append(event_number(2));
  CHECK_FALSE(writer.empty());
  CHECK(numbers(writer.events()) == std::vector{1, 2});
  struct stat status {};
  REQUIRE(::stat(writer.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  CHECK(waiting_spool_files(directory / "new/spool") == std::vector{writer.path()});
  CHECK(count_events(writer.path()) == 2);
  writer.discard();
  CHECK_FALSE(fs::exists(directory / "new/spool" / writer.path().filename()));
  CHECK(writer.empty());
  CHECK(writer.events().empty());
}

TEST_CASE("the file of a live run is left alone, of a dead one it is taken") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / (std::string{run_key} + ".jsonl");
  {
    SpoolWriter writer{directory.path(), run_key};
    writer.append(event_number(1));
    CHECK_FALSE(SpoolFile::take(path));
  }
  auto file = SpoolFile::take(path);
  REQUIRE(file);
  CHECK(numbers(file->events()) == std::vector{1});
  CHECK_FALSE(SpoolFile::take(path));
  file->discard();
  CHECK(fs::is_empty(directory.path()));
  CHECK_FALSE(SpoolFile::take(path));
}

TEST_CASE("what a killed process had spooled is there") {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    SpoolWriter writer{directory.path(), run_key};
    for (int i = 1; i <= 3; ++i) writer.append(event_number(i));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  const auto file = SpoolFile::take(directory.path() / (std::string{run_key} + ".jsonl"));
  REQUIRE(file);
  CHECK(numbers(file->events()) == std::vector{1, 2, 3});
}

TEST_CASE("a torn last line is no event, wherever it is torn") {
  const TemporaryDirectory directory;
  const auto first = to_line(event_number(1)) + "\n";
  const auto second = to_line(event_number(2));
  for (std::size_t length = 0; length <= second.size(); ++length) {
    const auto path = left_behind(directory, first + second.substr(0, length));
    const auto file = SpoolFile::take(path);
    REQUIRE(file);
    CHECK(numbers(file->events()) == std::vector{1});
    CHECK(file->unreadable_lines() == 0);
    CHECK(count_events(path) == 1);
  }
}

TEST_CASE("a whole line that is no event is counted, the others are read") {
  const TemporaryDirectory directory;
  const auto path = left_behind(
      directory, to_line(event_number(1)) + "\ngarbage\n" + to_line(event_number(3)) + "\n");
  auto file = SpoolFile::take(path);
  REQUIRE(file);
  CHECK(numbers(file->events()) == std::vector{1, 3});
  CHECK(file->unreadable_lines() == 1);
  const auto aside = file->set_aside();
  CHECK(aside.filename() == "dead.jsonl.bad");
  CHECK(fs::exists(aside));
  CHECK(waiting_spool_files(directory.path()).empty());
}

TEST_CASE("files wait in the order of their last change; others are not looked at") {
  const TemporaryDirectory directory;
  const auto now = fs::file_time_type::clock::now();
  int age = 0;
  for (const char* name : {"b.jsonl", "c.jsonl", "a.jsonl"}) {
    fs::last_write_time(left_behind(directory, "", name), now - std::chrono::hours{3 - age++});
  }
  left_behind(directory, "", "old.jsonl.bad");
  left_behind(directory, "", ".x.jsonl.new");
  left_behind(directory, "", ".hidden.jsonl");
  std::vector<std::string> names;
  for (const auto& path : waiting_spool_files(directory.path())) names.push_back(path.filename());
  CHECK(names == std::vector<std::string>{"b.jsonl", "c.jsonl", "a.jsonl"});
  CHECK(waiting_spool_files(directory / "missing").empty());
}

TEST_CASE("a symbolic link in the spool is not followed") {
  const TemporaryDirectory directory;
  left_behind(directory, to_line(event_number(1)) + "\n", "elsewhere");
  fs::create_symlink(directory / "elsewhere", directory / "link.jsonl");
  CHECK_THROWS_AS(SpoolFile::take(directory / "link.jsonl"), util::Error);
}

TEST_CASE("a spool that cannot be written is an error that names it") {
  const TemporaryDirectory directory;
  test::write_text(directory / "file", "");
  SpoolWriter writer{directory / "file", run_key};
  CHECK_THROWS_AS(writer.append(event_number(1)), util::Error);
  CHECK(writer.empty());
}
