// SPDX-License-Identifier: Apache-2.0
// Passwords and other secrets by the name before them: password=…, "password":"…", X-Api-Key: ….
#include <algorithm>
#include <string>

#include "redaction/chars.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

constexpr size_t npos = std::string_view::npos;
constexpr size_t kLongestName = 64;
constexpr size_t kLongestValue = 1024;

// Ends of names in lower case, without - and _.
constexpr std::string_view kStrong[] = {
    "password",     "passwd",    "passphrase",    "passcode",       "passwort",     "pwd",
    "apikey",       "secretkey", "accesskey",     "clientsecret",   "appsecret",    "apisecret",
    "sharedsecret", "jwtsecret", "webhooksecret", "consumersecret", "tokensecret",  "accesstoken",
    "refreshtoken", "authtoken", "idtoken",       "sessiontoken",   "privatetoken", "bearertoken",
    "xauthtoken"};
constexpr std::string_view kWeak[] = {"secret", "token"};

bool name_char(char c) { return is(c, kUrlSafeChar); }

struct Name {
  std::array<char, kLongestName> chars;
  size_t size = 0;
  std::string_view view() const { return {chars.data(), size}; }
};

Name plain(std::string_view name) {
  Name out;
  for (char c : name.substr(0, kLongestName)) {
    if (c != '_' && c != '-') out.chars[out.size++] = lower(c);
  }
  return out;
}

// "pass" is a word of its own: db_pass, dbPass, but no bypass or compass.
bool ends_with_pass(std::string_view name) {
  if (name.size() < 4 || !word_at(name, name.size() - 4, "pass")) return false;
  if (name.size() == 4) return true;
  char before = name[name.size() - 5];
  return before == '_' || before == '-' || before == '.' || name[name.size() - 4] == 'P';
}

constexpr std::string_view kNothing[] = {"null", "nil", "none",  "true",     "false",  "undefined",
                                         "-",    "n/a", "na",    "redacted", "masked", "hidden",
                                         "yes",  "no",  "empty", "(null)",   "*",      "?"};

// The first words of sentences about passwords.
constexpr std::string_view kWords[] = {"must",
                                       "is",
                                       "was",
                                       "should",
                                       "cannot",
                                       "can't",
                                       "invalid",
                                       "incorrect",
                                       "required",
                                       "not",
                                       "the",
                                       "too",
                                       "wrong",
                                       "expired",
                                       "missing",
                                       "failed",
                                       "for",
                                       "of",
                                       "and",
                                       "or",
                                       "has",
                                       "are",
                                       "does",
                                       "will",
                                       "please",
                                       "an",
                                       "a",
                                       "error",
                                       "denied",
                                       "changed",
                                       "reset",
                                       "updated",
                                       "ok",
                                       "unknown",
                                       "mismatch",
                                       "accepted",
                                       "rejected",
                                       "field",
                                       "cannot",
                                       "unexpected",
                                       "authentication",
                                       "minimum",
                                       "at",
                                       "length",
                                       "may",
                                       "needs",
                                       "strength",
                                       "policy"};

bool is_number(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return is(c, kDigitChar); });
}

template <size_t N>
bool is_one_of(std::string_view value, const std::string_view (&words)[N]) {
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
    return value.size() == word.size() && word_at(value, 0, word);
  });
}

// A place for a value in a template, or what another program put in its place.
bool is_placeholder(std::string_view value) {
  if (value.find_first_not_of("*xX.") == npos) return true;
  for (std::string_view start : {"${", "{{", "%(", "$("}) {
    if (value.starts_with(start)) return true;
  }
  if (value == "%s" || value == "%v" || value == "%q" || value == "{}" || value == "%d")
    return true;
  bool angles = value.starts_with('<') && value.ends_with('>');
  bool brackets = value.starts_with('[') && value.ends_with(']');
  return (angles || brackets) && value.size() < 40;
}

}  // namespace

bool is_replacement(std::string_view value) {
  constexpr std::string_view token = "hmac:";
  if (value.starts_with("***")) return value.size() <= 3 + 16;
  if (!value.starts_with(token) || value.size() != token.size() + 32) return false;
  return run_end(value, token.size(), kHexChar) == value.size();
}

bool is_secret_name(std::string_view name, bool& weak) {
  weak = false;
  if (name.size() > kLongestName) name = name.substr(name.size() - kLongestName);
  // Of a path, the last part.
  name = name.substr(name.rfind('.') + 1);
  if (ends_with_pass(name)) return true;
  Name small = plain(name);
  std::string_view all = small.view();
  auto ends = [&](std::string_view end) { return all.ends_with(end); };
  if (std::any_of(std::begin(kStrong), std::end(kStrong), ends)) return true;
  weak = true;
  for (std::string_view counted : {"nexttoken", "pagetoken", "continuationtoken", "synctoken"}) {
    if (all.ends_with(counted)) return false;
  }
  return std::any_of(std::begin(kWeak), std::end(kWeak), ends);
}

bool is_secret_value(std::string_view name, std::string_view value, bool weak) {
  if (value.empty() || is_replacement(value) || is_placeholder(value)) return false;
  if (is_one_of(value, kNothing)) return false;
  bool short_pass = name.size() == 4 && word_at(name, 0, "pass");
  if (short_pass && is_number(value)) return false;  // tests that passed
  bool folder = word_at(name, 0, "pwd") && name.size() == 3;
  if (folder && (value[0] == '/' || value[0] == '~' || value.substr(1, 2) == ":\\")) return false;
  if (!weak) return true;
  if (value.size() < 8 || value.find(' ') != npos) return false;
  bool digit = std::any_of(value.begin(), value.end(), [](char c) { return is(c, kDigitChar); });
  return digit && value.find("://") == npos && value[0] != '/';
}

namespace {

struct Quote {
  size_t end = 0;      // behind it
  size_t slashes = 0;  // before it: it stands in a text in a text
  char mark = 0;       // 0: there is none
};

Quote quote_at(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size() && text[i] == '\\' && i - at < 8) ++i;
  if (i >= text.size() || (text[i] != '"' && text[i] != '\'')) return {at, 0, 0};
  return {i + 1, i - at, text[i]};
}

// Where what was opened by `quote` is closed; the text's end, or kLongestValue away, if nowhere.
size_t quoted_end(std::string_view text, size_t from, const Quote& quote) {
  size_t limit = std::min(text.size(), from + kLongestValue);
  size_t slashes = 0;
  for (size_t i = from; i < limit; ++i) {
    if (text[i] == '\\') {
      ++slashes;
      continue;
    }
    if (text[i] == quote.mark) {
      // A quote of an outer text, or as many backslashes as before the first one, and perhaps pairs
      // of those that are meant: here it ends. Else the quote is meant.
      const size_t own = quote.slashes;
      if (slashes < own) return i - slashes;
      if ((slashes - own) % (2 * (own + 1)) == 0) return i - own;
    }
    slashes = 0;
  }
  return limit;
}

size_t bare_end(std::string_view text, size_t from) {
  constexpr std::string_view ends = " \t\r\n&;\"'\\<>`";
  size_t limit = std::min(text.size(), from + kLongestValue);
  size_t i = from;
  while (i < limit && ends.find(text[i]) == npos) {
    // A comma ends it where another field or a blank follows.
    if (text[i] == ',') {
      size_t word = run_end(text, i + 1, kUrlSafeChar, kLongestName);
      bool field = word > i + 1 && word < text.size() && (text[word] == '=' || text[word] == ':');
      if (field || i + 1 == text.size() || ends.find(text[i + 1]) != npos) break;
    }
    ++i;
  }
  constexpr std::string_view closing = ")]},.";
  while (i > from && closing.find(text[i - 1]) != npos) --i;
  return i;
}

// Behind "name": the quote that closes it, and = or : or =>. npos: there is none.
size_t behind_separator(std::string_view text, size_t at, bool& prose) {
  size_t i = quote_at(text, at).end;
  bool quoted = i != at;
  size_t blanks = i;
  while (i < text.size() && text[i] == ' ' && i - blanks < 3) ++i;
  if (i >= text.size() || (text[i] != '=' && text[i] != ':')) return npos;
  prose = text[i] == ':' && !quoted;
  ++i;
  if (i < text.size() && (text[i] == '>' || text[i] == '=')) ++i;
  blanks = i;
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t') && i - blanks < 3) ++i;
  prose = prose && i > blanks;
  return i;
}

// Whether the three bytes are from a name, and no mixture of several.
bool is_window(std::string_view text, size_t at) {
  const char second = lower(text[at + 1]), third = lower(text[at + 2]);
  switch (lower(text[at])) {
    case 'p':
      return (second == 'a' && third == 's') || (second == 'w' && third == 'd') ||
             (second == 'i' && third == 'k');
    case 't': return second == 'o' && third == 'k';
    case 'e': return second == 'c' && third == 'r';
    case 'i': return (second == '_' || second == '-') && third == 'k';
    default: return third == 'k' && (second == 's' || second == '_' || second == '-');
  }
}

}  // namespace

// The window stands somewhere in the name.
bool verify_password(std::string_view text, size_t at, Match& match) {
  if (!is_window(text, at)) return false;
  size_t first = at, name_end = at + 1;
  while (first > 0 && at - first < kLongestName && name_char(text[first - 1])) --first;
  while (name_end < text.size() && name_end - at < kLongestName && name_char(text[name_end])) {
    ++name_end;
  }
  match.examined = name_end;
  std::string_view name = text.substr(first, name_end - first);
  bool weak = false;
  if (!is_secret_name(name, weak)) return false;
  bool prose = false;
  size_t from = behind_separator(text, name_end, prose);
  if (from == npos || from >= text.size()) return false;
  Quote quote = quote_at(text, from);
  size_t end = quote.mark != 0 ? quoted_end(text, quote.end, quote) : bare_end(text, from);
  if (quote.mark != 0) from = quote.end;
  if (end <= from) return false;
  std::string_view value = text.substr(from, end - from);
  if (!is_secret_value(name, value, weak)) return false;
  bool bare = quote.mark == 0;
  if (bare && (value[0] == '{' || value[0] == '[' || value[0] == '(')) return false;
  if (bare && prose) {
    if (is_one_of(value, kWords)) return false;
    bool digit = std::any_of(value.begin(), value.end(), [](char c) { return is(c, kDigitChar); });
    if (weak && !digit) return false;
  }
  match.begin = from;
  match.end = end;
  return true;
}

}  // namespace waybill::redaction
