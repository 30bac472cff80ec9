#include "schedule/command_words.hpp"

#include <catch2/catch.hpp>

#include "support/error_of.hpp"

using namespace bkp;
using schedule::command_of_words;
using schedule::words_of_command;
using Words = std::vector<std::string>;

TEST_CASE("a command's words are those a shell would make of it") {
  CHECK(words_of_command("full") == Words{"full"});
  CHECK(words_of_command("  bkp full\t--method base ") == Words{"full", "--method", "base"});
  CHECK(words_of_command(R"(full --db 'a b' --db "c \"d\" \e" --db x\ y'z')") ==
        Words{"full", "--db", "a b", "--db", "c \"d\" \\e", "--db", "x yz"});
  CHECK(words_of_command("verify latest~1 -- 50%") == Words{"verify", "latest~1", "--", "50%"});
  CHECK(words_of_command("full --db ''") == Words{"full", "--db", ""});
}

TEST_CASE("words become a command that gives them back") {
  const Words words{"full", "--db", "it's", "", "a b", "$HOME", "a\"b", "back\\slash", "*"};
  CHECK(words_of_command(command_of_words(words)) == words);
  CHECK(command_of_words({"full", "--method", "base"}) == "full --method base");
}

TEST_CASE("what only a shell would do is refused, and so is half a command") {
  const auto text =
      GENERATE("full > /tmp/x", "full; reboot", "full && prune", "full $(date)", "full `date`",
               "full \"$HOME\"", "full | cat", "full --db *", "full 'open", "full \"open",
               "full ~/x", "full #x", "full \\", "", "  ", "bkp");
  CAPTURE(text);
  const auto error = test::error_of([&] { words_of_command(text); });
  CHECK(error.kind() == util::ErrorKind::usage);
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("destination and policy are options of the command") {
  schedule::Schedule one;
  one.command = "prune -- x";
  one.destination = "vault";
  one.retention_policy = {{"daily", 7}};
  CHECK(schedule::words_of_schedule(one) ==
        Words{"prune", "--store", "vault", "--policy", R"({"daily":7})", "--", "x"});
  CHECK(schedule::backup_type_of("full") == "full");
  CHECK(schedule::backup_type_of("incr") == "incremental");
  CHECK_FALSE(schedule::backup_type_of("prune"));
}
