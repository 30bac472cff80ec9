#include "util/units.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "util/error.hpp"

using namespace bkp::util;
using namespace std::chrono_literals;

namespace {

template <class Parser>
void check_refused(Parser parse, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    CAPTURE(text);
    try {
      parse(text);
      FAIL_CHECK("was accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::usage);
      CHECK(error.message().find(text) != std::string::npos);
      CHECK_FALSE(error.hint().empty());
    }
  }
}

}  // namespace

TEST_CASE("durations are read with their units") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("15min") == 15min);
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("6h") == 6h);
  CHECK(parse_duration("7d") == 7 * 24h);
  CHECK(parse_duration("6w") == 6 * 7 * 24h);
  CHECK(parse_duration("2h30min") == 150min);
  CHECK(parse_duration("2h 30min") == 150min);
  CHECK(parse_duration("0s") == 0s);
}

TEST_CASE("what is no duration is refused by name") {
  check_refused(parse_duration, {"", "90", "s", "1.5h", "-3h", "3 h", "3x", "30min2h", "1h1h", "6H",
                                 " 6h", "201w9999999999999w", "99999999999999999999s", "11000w"});
}

TEST_CASE("durations are shown by their two largest units") {
  CHECK(format_duration(0s) == "0.0s");
  CHECK(format_duration(12345ms) == "12.3s");
  CHECK(format_duration(59940ms) == "59.9s");
  CHECK(format_duration(59960ms) == "1min");
  CHECK(format_duration(61s) == "1min 1s");
  CHECK(format_duration(125min) == "2h 5min");
  CHECK(format_duration(2h) == "2h");
  CHECK(format_duration(24h + 30s) == "1d");
  CHECK(format_duration(76h + 59min) == "3d 4h");
  CHECK(format_duration(-90s) == "-1min 30s");
  CHECK(format_duration(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}) ==
        "unknown");
}

TEST_CASE("sizes are read with binary and decimal units") {
  CHECK(parse_size("1024") == 1024);
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("64KiB") == 65536);
  CHECK(parse_size("1.5GiB") == 1610612736);
  CHECK(parse_size("500MB") == 500'000'000);
  CHECK(parse_size("1.4 GiB") == 1503238554);
  CHECK(parse_size("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK(parse_size("0") == 0);
}

TEST_CASE("what is no size is refused by name") {
  check_refused(parse_size,
                {"", "GiB", "1G", "1gib", "-1", "+1", "1e3", "0x10", "1.GiB", ".5GiB", "1.2.3",
                 "1GiB ", "18446744073709551616", "16384PiB", "99999999PiB", "nan", "inf"});
}

TEST_CASE("sizes are shown in binary units") {
  CHECK(format_size(0) == "0 B");
  CHECK(format_size(512) == "512 B");
  CHECK(format_size(1024) == "1.0 KiB");
  CHECK(format_size(1503238554) == "1.4 GiB");
  CHECK(format_size(1024 * 1024 - 1) == "1.0 MiB");
  CHECK(format_size(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("rates are sizes a second") {
  CHECK(parse_rate("100MiB/s") == 104857600);
  CHECK(parse_rate("1kB/s") == 1000);
  check_refused(parse_rate, {"", "100MiB", "/s", "100MiB/min", "100MiBps"});
}

TEST_CASE("shares are percentages") {
  CHECK(parse_share("80%") == Approx(0.8));
  CHECK(parse_share("0%") == 0.0);
  CHECK(parse_share("100%") == 1.0);
  CHECK(parse_share("12.5%") == Approx(0.125));
  check_refused(parse_share, {"", "%", "80", "0.8", "101%", "-1%", "100.01%", "1e1%"});
}

TEST_CASE("an age is never negative") {
  const auto then = std::chrono::system_clock::time_point{std::chrono::hours{1000}};
  CHECK(format_age(then, then + std::chrono::minutes{125}) == "2h 5min");
  CHECK(format_age(then, then - std::chrono::minutes{5}) == format_age(then, then));
}
