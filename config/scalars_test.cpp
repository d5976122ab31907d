// SPDX-License-Identifier: Apache-2.0
#include "config/scalars.h"

#include <doctest/doctest.h>

#include <limits>

namespace waybill::config {

namespace {

Scalar bare(std::string_view text) { return {text, false, true, quoted_for_message(text)}; }
Scalar in_quotes(std::string_view text) { return {text, true, false, quoted_for_message(text)}; }
Scalar from_variable(std::string_view text) { return {text, false, false, "'${X}'"}; }

constexpr int64_t kSecond = 1'000'000'000;

}  // namespace

TEST_CASE("booleans are true and false, nothing else") {
  CHECK(read_boolean(bare("true")).value == true);
  CHECK(read_boolean(bare("TRUE")).value == true);
  CHECK(read_boolean(bare("False")).value == false);
  CHECK(read_boolean(from_variable("false")).value == false);
  for (std::string_view word : {"yes", "no", "on", "off", "Yes", "NO", "On", "OFF", "y", "n", "1",
                                "0", "tru", "tRUE", ""}) {
    CAPTURE(word);
    Reading<bool> reading = read_boolean(bare(word));
    CHECK_FALSE(reading.value);
    CHECK(reading.fault == "'" + std::string(word) + "' is not a boolean (write true or false)");
  }
  CHECK(read_boolean(in_quotes("true")).fault ==
        "'true' is in quotes, so it is text and not a boolean (remove the quotes)");
}

TEST_CASE("whole numbers are decimal and fit 64 bits") {
  CHECK(read_integer(bare("0")).value == 0);
  CHECK(read_integer(bare("-17")).value == -17);
  CHECK(read_integer(bare("+17")).value == 17);
  CHECK(read_integer(bare("9223372036854775807")).value == std::numeric_limits<int64_t>::max());
  CHECK(read_integer(bare("-9223372036854775808")).value == std::numeric_limits<int64_t>::min());
  CHECK(read_integer(from_variable("10")).value == 10);

  CHECK(read_integer(bare("9223372036854775808")).fault == "'9223372036854775808' is too large");
  CHECK(read_integer(bare("-9223372036854775809")).fault == "'-9223372036854775809' is too small");
  CHECK(read_integer(in_quotes("10")).fault ==
        "'10' is in quotes, so it is text and not a whole number (remove the quotes)");
  for (std::string_view text :
       {"1.0", "1e3", "0x10", "1_000", "1,000", "ten", "", "-", "+", "--1", "1 2", ".inf", "٣"}) {
    CAPTURE(text);
    CHECK(read_integer(bare(text)).fault ==
          "'" + std::string(text) + "' is not a whole number (write for example 100)");
  }
}

TEST_CASE("octal-looking numbers are refused wherever a number can stand") {
  for (std::string_view text : {"0755", "-0755", "+0755", "0o17", "0O17", "00", "007", "089"}) {
    CAPTURE(text);
    std::string fault = "'" + std::string(text) +
                        "' looks like an octal number (write it without the leading zero)";
    CHECK(looks_octal(text));
    CHECK(read_integer(bare(text)).fault == fault);
    CHECK(read_number(bare(text)).fault == fault);
    CHECK(read_string(bare(text)).fault ==
          "'" + std::string(text) +
              "' would be an octal number, text is wanted (put it in quotes)");
    CHECK(read_string(in_quotes(text)).value == text);
  }
  CHECK(read_bytes(bare("0755")).fault ==
        "'0755' looks like an octal number (write it without the leading zero)");
  CHECK(read_bytes(bare("010MiB")).fault ==
        "'010MiB' looks like an octal number (write it without the leading zero)");
  CHECK(read_duration(bare("010s")).fault ==
        "'010s' looks like an octal number (write it without the leading zero)");
  CHECK(read_integer(from_variable("0755")).fault ==
        "'${X}' looks like an octal number (write it without the leading zero)");
  for (std::string_view text : {"0", "0.5", "0.05", "10", "0x17", "0a", ""}) {
    CAPTURE(text);
    CHECK_FALSE(looks_octal(text));
  }
}

TEST_CASE("numbers are decimal and finite") {
  CHECK(read_number(bare("0.5")).value == 0.5);
  CHECK(read_number(bare("+.5e1")).value == 5.0);
  CHECK(read_number(bare("-3")).value == -3.0);
  CHECK(read_number(bare("1e400")).fault == "'1e400' is out of range");
  CHECK(read_number(in_quotes("0.5")).fault ==
        "'0.5' is in quotes, so it is text and not a number (remove the quotes)");
  for (std::string_view text : {".nan", ".inf", "nan", "inf", "1e", "1.2.3", ".", "e5", "0x1p3"}) {
    CAPTURE(text);
    CHECK(read_number(bare(text)).fault ==
          "'" + std::string(text) + "' is not a number (write for example 0.5)");
  }
}

TEST_CASE("text is what does not look like anything else, or stands in quotes") {
  for (std::string_view text : {"checkout", "1.4.2", "no", "off", "127.0.0.1:80", "5s", "1_000"}) {
    CAPTURE(text);
    CHECK(read_string(bare(text)).value == text);
  }
  for (std::string_view text :
       {"1.4", "7", "true", "FALSE", "1e3", "0x1F", ".inf", "-.INF", ".nan"}) {
    CAPTURE(text);
    CHECK_FALSE(read_string(bare(text)).value);
    CHECK(read_string(in_quotes(text)).value == text);
    CHECK(read_string(from_variable(text)).value == text);
  }
  CHECK(read_string(bare("1.4")).fault ==
        "'1.4' would be a number, text is wanted (put it in quotes)");
  CHECK(read_string(bare("true")).fault ==
        "'true' would be a boolean, text is wanted (put it in quotes)");
}

TEST_CASE("durations have units, may be fractions and sums, and are whole nanoseconds") {
  const std::pair<std::string_view, int64_t> good[] = {
      {"300ms", 300'000'000},
      {"1s", kSecond},
      {"5m", 300 * kSecond},
      {"1h", 3600 * kSecond},
      {"2d", 172800 * kSecond},
      {"7ns", 7},
      {"3us", 3000},
      {"1h30m", 5400 * kSecond},
      {"1.5s", 1'500'000'000},
      {"0.3s", 300'000'000},
      {"10 s", 10 * kSecond},
      {"0", 0},
      {"0s", 0},
      {"106751d", 106751LL * 86400 * kSecond},
  };
  for (const auto& [text, nanoseconds] : good) {
    CAPTURE(text);
    CHECK(read_duration(bare(text)).value == nanoseconds);
    if (text != "0") CHECK(read_duration(in_quotes(text)).value == nanoseconds);
  }
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"20", "'20' has no unit (write for example 30s)"},
      {"1h30", "'1h30' has no unit (write for example 30s)"},
      {"soon", "'soon' is not a duration (write for example 30s)"},
      {"", "'' is not a duration (write for example 30s)"},
      {"12 parsecs", "'12 parsecs' is not a duration (write for example 30s)"},
      {"1.2.3s", "'1.2.3s' is not a duration (write for example 30s)"},
      {"-5s", "'-5s' is negative"},
      {"5sec", "'5sec' has a unit that is not known, 'sec' (one of ns, us, ms, s, m, h, d)"},
      {"0.5ns", "'0.5ns' is not a whole number of nanoseconds"},
      {"200000d", "'200000d' is too large"},
      {"5s ", "'5s ' is not a duration (write for example 30s)"},
      {"10S", "'10S' has a unit that is not known, 'S' (did you mean 's'?)"},
  };
  for (const auto& [text, fault] : bad) {
    CAPTURE(text);
    CHECK(read_duration(bare(text)).fault == fault);
  }
}

TEST_CASE("sizes are bytes, with decimal or binary units") {
  const std::pair<std::string_view, int64_t> good[] = {
      {"0", 0},
      {"4096", 4096},
      {"64KiB", 65536},
      {"1MiB", 1 << 20},
      {"10MB", 10'000'000},
      {"1.5GiB", 1610612736},
      {"2TiB", 2LL << 40},
      {"512B", 512},
      {"1kB", 1000},
      {"1KB", 1000},
      {"64 MiB", 64 << 20},
  };
  for (const auto& [text, bytes] : good) {
    CAPTURE(text);
    CHECK(read_bytes(bare(text)).value == bytes);
  }
  const std::pair<std::string_view, std::string_view> bad[] = {
      {"12 parsecs", "'12 parsecs' is not a size (write for example 64MiB)"},
      {"big", "'big' is not a size (write for example 64MiB)"},
      {"64M", "'64M' has a unit that is not known, 'M' (write MiB or MB)"},
      {"64k", "'64k' has a unit that is not known, 'k' (write KiB or KB)"},
      {"64mib", "'64mib' has a unit that is not known, 'mib' (did you mean 'MiB'?)"},
      {"1.5", "'1.5' has no unit (write for example 64MiB)"},
      {"-1", "'-1' is negative"},
      {"0.5B", "'0.5B' is not a whole number of bytes"},
      {"9000000TiB", "'9000000TiB' is too large"},
      {"99999999999999999999", "'99999999999999999999' is too large"},
      {"1MiB2KiB", "'1MiB2KiB' is not a size (write for example 64MiB)"},
  };
  for (const auto& [text, fault] : bad) {
    CAPTURE(text);
    CHECK(read_bytes(bare(text)).fault == fault);
  }
  CHECK(read_bytes(in_quotes("64KiB")).value == 65536);
  CHECK(read_bytes(in_quotes("4096")).fault ==
        "'4096' is in quotes, so it is text and not a size (remove the quotes)");
  CHECK(read_bytes(from_variable("4096")).value == 4096);
}

TEST_CASE("messages quote values briefly and without control characters") {
  CHECK(quoted_for_message("a\nb\tc\x7f") == "'a\\nb\\x09c\\x7f'");
  CHECK(quoted_for_message(std::string(100, 'x')) == "'" + std::string(60, 'x') + "…'");
  // Not cut in the middle of a character.
  CHECK(quoted_for_message(std::string(59, 'x') + "éé") == "'" + std::string(59, 'x') + "…'");
}

}  // namespace waybill::config
