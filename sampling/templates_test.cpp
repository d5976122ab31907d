// SPDX-License-Identifier: Apache-2.0
#include "sampling/templates.h"

#include <doctest/doctest.h>

#include <string>

#include "core/json_text.h"

namespace waybill::sampling {

namespace {

std::string of(Templates& templates, std::string_view message) {
  return std::string(templates.find(raw_text(message)).text);
}

}  // namespace

TEST_CASE("templates: what varies by its looks is masked") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"connection to 10.0.0.7:5432 refused", "connection to <*> refused"},
      {"took 12ms", "took <*>"},
      {"GET /a/42 took=12ms status=200", "GET <*> took=<*> status=<*>"},
      {"user 'alice smith' logged in", "user <*> logged in"},
      {"open \"a b c\": denied", "open <*> denied"},
      {"can't open", "can't open"},
      {"it's an 'odd' one, isn't it", "it's an <*> one, isn't it"},
      {"key deadbeefcafe found", "key <*> found"},
      {"id 550e8400-e29b-41d4-a716-446655440000", "id <*>"},
      {"added feed", "added feed"},
      {"an 'open quote", "an 'open quote"},
      {"name='bob' n=[3]", "name=<*> n=[<*>"},
      {"", ""},
      {"   ", ""},
      {"two  blanks\tand\nlines", "two blanks and lines"},
  };
  for (const auto& one : cases) {
    const auto message = one.first, expected = one.second;
    CAPTURE(message);
    Templates templates;
    CHECK(of(templates, message) == expected);
  }
}

TEST_CASE("templates: words that vary become placeholders once there are two") {
  Templates templates;
  CHECK(of(templates, "user alice logged in") == "user alice logged in");
  auto found = templates.find(raw_text("user bob logged in"));
  CHECK(found.text == "user <*> logged in");
  CHECK_FALSE(found.is_new);
  uint64_t id = found.id;
  CHECK(templates.find(raw_text("user alice logged in")).id == id);
  CHECK(templates.find(raw_text("user carol logged in")).id == id);
  CHECK(templates.size() == 1);
  // What means something else stays apart.
  CHECK(templates.find(raw_text("cache flushed to disk")).is_new);
  CHECK(templates.find(raw_text("user <*> left")).id != id);
  CHECK(of(templates, "connection failed") == "connection failed");
  CHECK(of(templates, "connection restored") == "connection restored");
  CHECK(of(templates, "request 5 was accepted") == "request <*> was accepted");
  CHECK(of(templates, "request 5 was refused") == "request <*> was refused");
}

TEST_CASE("templates: the same message first makes the same id") {
  Templates a, b;
  b.find(raw_text("something else before it"));
  CHECK(a.find(raw_text("took 5 ms")).id == b.find(raw_text("took 7 ms")).id);
}

TEST_CASE("templates: escaped messages are those that they stand for") {
  Templates templates;
  std::string_view escaped = "open \\\"a b\\\" failed";
  CHECK(templates.find(Text(escaped, TextForm::kJson)).text == "open <*> failed");
}

TEST_CASE("templates: bounded, whatever comes, and what is in use stays") {
  Templates templates;
  uint64_t kept = templates.find(raw_text("the one that is in use")).id;
  for (int i = 0; i < 20000; ++i) {
    std::string word(1, static_cast<char>('a' + i % 26));
    for (int n = i; n > 0; n /= 25) word += static_cast<char>('g' + n % 19);
    templates.find(raw_text(word + " " + word + " " + word));
    if (i % 100 == 0) {
      auto found = templates.find(raw_text("the one that is in use"));
      CHECK(found.id == kept);
      CHECK_FALSE(found.is_new);
    }
    CHECK(templates.size() <= Templates::kMost);
  }
  std::string all(5000, 'x');
  for (size_t i = 1; i < all.size(); i += 3) all[i] = ' ';
  CHECK(templates.find(raw_text(all)).text.size() <= Templates::kMostBytes);
}

TEST_CASE("templates: kept as bytes, they are the same ones again") {
  Templates one;
  for (const char* message : {"took 5 ms", "ready", "", "user ann logged in from here",
                              "user bob logged in from here", "a b"}) {
    one.find(Text(message, TextForm::kClean));
  }
  Templates two;
  REQUIRE(two.decode(one.encode()));
  CHECK(two.size() == one.size());
  CHECK(two.encode() == one.encode());
  CHECK(two.changes() == 0);
  for (const char* message : {"took 7 ms", "ready", "", "user eve logged in from here", "a b"}) {
    CAPTURE(message);
    Templates::Found was = one.find(Text(message, TextForm::kClean));
    Templates::Found is = two.find(Text(message, TextForm::kClean));
    CHECK(is.id == was.id);
    CHECK(is.text == was.text);
    CHECK(!is.is_new);
  }
  CHECK(two.find(Text("something else", TextForm::kClean)).is_new);
}

TEST_CASE("templates: bytes that are none of ours are refused, and change nothing") {
  Templates one;
  one.find(Text("user ann logged in", TextForm::kClean));
  const std::string good = one.encode();
  Templates two;
  two.find(Text("mine", TextForm::kClean));
  auto refusal = [&](const std::string& bytes) {
    auto done = two.decode(bytes);
    return done ? std::string("taken") : done.error().what;
  };
  for (size_t size = 0; size < good.size(); ++size) {
    CHECK(refusal(good.substr(0, size)) == "it ends too soon");
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    CHECK(refusal(bad) != "taken");
  }
  CHECK(refusal("WBTEMPL3" + good.substr(8)) == "it is of a version that this one does not know");
  CHECK(two.size() == 1);
  CHECK(refusal(good) == "taken");
}

TEST_CASE("templates: the top ones, the newest ones, and few words that were forgotten") {
  Templates all;
  for (int i = 0; i < 9; ++i) all.find(Text("often", TextForm::kClean));
  for (int i = 0; i < 5; ++i) all.find(Text("rare one", TextForm::kClean));
  all.find(Text("once", TextForm::kClean));
  std::vector<Templates::Line> top = all.top(2);
  REQUIRE(top.size() == 2);
  CHECK(top[0].text == "often");
  CHECK(top[0].records == 9);
  CHECK(top[1].text == "rare one");
  CHECK(all.newest().front().text == "once");
  // However many messages came since, a template that is there is not new.
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "a text with number " + std::string(static_cast<size_t>(1 + i % 30), 'x') +
                       " and more words here";
    all.find(Text(text, TextForm::kClean));
    CHECK(!all.find(Text("often", TextForm::kClean)).is_new);
  }
  CHECK(all.newest().size() <= 5);
}

TEST_CASE("templates: no character is cut in two at the end of what is looked at") {
  Templates all;
  std::string text(Templates::kMostBytes - 1, 'x');
  text += "\u00e9";
  CHECK(all.find(raw_text(text)).text.size() == Templates::kMostBytes - 1);
}

}  // namespace waybill::sampling
