#include "catalog/time_text.hpp"

#include <charconv>

#include <fmt/format.h>

#include "util/error.hpp"
#include "util/text.hpp"

namespace bkp::catalog {

using namespace std::chrono;
using util::Error;
using util::ErrorKind;

namespace {

// A list of a hundred thousand backups has half a million times: no general parser here.
class Digits {
 public:
  explicit Digits(std::string_view text) : m_text{text} {}
  int number(std::size_t at, std::size_t count) {
    if (at + count > m_text.size()) return fail();
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (m_text[i] < '0' || m_text[i] > '9') return fail();
      value = value * 10 + (m_text[i] - '0');
    }
    return value;
  }
  void expect(std::size_t at, std::string_view any_of) {
    if (at >= m_text.size() || any_of.find(m_text[at]) == any_of.npos) fail();
  }
  bool good() const { return m_good; }
  int fail() {
    m_good = false;
    return 0;
  }

 private:
  std::string_view m_text;
  bool m_good = true;
};

// ".25" at the front → 250000; what was read is removed.
microseconds take_fraction(std::string_view& rest, Digits& digits) {
  if (!rest.starts_with('.')) return microseconds{0};
  rest.remove_prefix(1);
  int value = 0;
  int scale = 1'000'000;
  for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; rest.remove_prefix(1)) {
    if (scale == 1) digits.fail();
    scale /= 10;
    value += (rest.front() - '0') * scale;
  }
  return microseconds{value};
}

}  // namespace

std::string time_text(Time time) {
  if (time >= forever) return "9999-12-31T00:00:00Z";
  auto text = util::format_rfc3339(time);
  const auto fraction = duration_cast<microseconds>(time - floor<seconds>(time)).count();
  if (fraction == 0) return text;
  auto digits = fmt::format("{:06}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  text.insert(text.size() - 1, "." + digits);
  return text;
}

Time time_from_text(std::string_view text) {
  if (text == "infinity") return forever;
  Digits digits{text};
  digits.expect(4, "-");
  digits.expect(7, "-");
  digits.expect(10, " T");
  digits.expect(13, ":");
  digits.expect(16, ":");
  const year_month_day date{year{digits.number(0, 4)},
                            month{static_cast<unsigned>(digits.number(5, 2))},
                            day{static_cast<unsigned>(digits.number(8, 2))}};
  const auto clock =
      hours{digits.number(11, 2)} + minutes{digits.number(14, 2)} + seconds{digits.number(17, 2)};
  auto rest = digits.good() ? text.substr(19) : std::string_view{};
  const auto fraction = take_fraction(rest, digits);
  if (!digits.good() || !date.ok() || clock > hours{24} || (rest != "+00" && rest != "Z")) {
    throw Error{ErrorKind::damaged, fmt::format("{} is not a time in UTC", util::quoted(text))};
  }
  // Not by comparing times: those after `forever` overflow.
  if (date.year() >= year_month_day{floor<days>(forever)}.year()) return forever;
  return sys_days{date} + clock + fraction;
}

}  // namespace bkp::catalog
