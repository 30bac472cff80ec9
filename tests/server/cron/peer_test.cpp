// Beside Schedule::Cron::Events, Perl's: over random expressions and dates the same moments.
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "cron/expression.hpp"
#include "support/program.hpp"

using namespace bkp;

namespace {

constexpr int questions = 10'000;
constexpr int moments_each = 3;

/// Reads "year month day hour minute expression" a line, and prints the three moments that follow.
constexpr auto peer = R"perl(
use Schedule::Cron::Events;
while (my $line = <STDIN>) {
  chomp $line;
  my ($year, $month, $day, $hour, $minute, $expression) = split / /, $line, 6;
  my $events = Schedule::Cron::Events->new($expression,
    Date => [0, $minute, $hour, $day, $month - 1, $year - 1900]);
  for (1 .. 3) {
    my ($s, $m, $h, $d, $mon, $y) = $events->nextEvent;
    printf "%04d-%02d-%02dT%02d:%02d:00Z\n", $y + 1900, $mon + 1, $d, $h, $m;
  }
}
)perl";

class RandomExpression {
 public:
  explicit RandomExpression(unsigned seed) : m_random{seed} {}

  int up_to(int most, int least = 0) {
    return std::uniform_int_distribution<int>{least, most}(m_random);
  }

  /// `star_step`: whether "*/3" means the same to both. The peer counts days and months from 0.
  std::string field(int lowest, int highest, bool star_step) {
    if (up_to(2) == 0) return "*";
    if (star_step && up_to(3) == 0) return fmt::format("*/{}", up_to(highest, 1));
    std::string text;
    std::set<int> taken;
    for (int left = up_to(2); left >= 0; --left) add_element(text, taken, lowest, highest);
    return text;
  }

  /// Nothing that is there already: the peer would have it twice.
  void add_element(std::string& text, std::set<int>& taken, int lowest, int highest) {
    const int first = up_to(highest, lowest);
    const bool is_range = up_to(1) == 0;
    const int last = is_range ? up_to(highest, first) : first;
    const int step = is_range && up_to(1) == 0 ? up_to(highest - lowest, 1) : 0;
    std::set<int> values;
    for (int value = first; value <= last; value += std::max(step, 1)) values.insert(value);
    for (const int value : values) {
      if (taken.contains(value)) return;
    }
    taken.merge(values);
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (is_range) text += fmt::format("-{}", last);
    if (step > 0) text += fmt::format("/{}", step);
  }

  std::string expression() {
    // Days to 28 and no more: a day that no chosen month has makes the peer search for ever.
    return fmt::format("{} {} {} {} {}", field(0, 59, true), field(0, 23, true),
                       field(1, 28, false), field(1, 12, false), field(0, 6, false));
  }

 private:
  std::mt19937 m_random;
};

}  // namespace

TEST_CASE("ten thousand random expressions are due when Schedule::Cron::Events says") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  RandomExpression random{seed};
  std::string asked;
  std::vector<std::pair<std::string, util::Time>> questions_asked;
  for (int i = 0; i < questions; ++i) {
    const auto expression = random.expression();
    const auto year = random.up_to(2036, 1980);
    const auto month = random.up_to(12, 1);
    const auto day = random.up_to(28, 1);
    const auto hour = random.up_to(23);
    const auto minute = random.up_to(59);
    asked += fmt::format("{} {} {} {} {} {}\n", year, month, day, hour, minute, expression);
    questions_asked.emplace_back(
        expression, util::parse_time(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:00Z", year, month,
                                                 day, hour, minute)));
  }
  const auto outcome =
      test::Program{{"perl", "-e", peer}}.with_variable("TZ", "UTC").with_input(asked).run();
  INFO(outcome.err);
  REQUIRE(outcome.exit_code == 0);

  std::istringstream answers{outcome.out};
  const cron::TimeZone utc{"UTC"};
  for (const auto& [text, after] : questions_asked) {
    const cron::Expression expression{text};
    auto at = std::optional{after};
    for (int i = 0; i < moments_each; ++i) {
      at = expression.next(*at, utc);
      std::string answer;
      std::getline(answers, answer);
      INFO(text << " after " << util::format_rfc3339(after));
      REQUIRE(at);
      REQUIRE(util::format_rfc3339(*at) == answer);
    }
  }
}
