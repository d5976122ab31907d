// SPDX-License-Identifier: Apache-2.0
#include "parsers/text/words.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "parsers/common/source.h"

namespace waybill::parsers::text {

namespace {

bool equal_but_case(std::string_view word, std::string_view lower) {
  return std::equal(word.begin(), word.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

// Of the words that level_word() looks at twice.
constexpr bool is_initial(char c) {
  return c == 'l' || c == 'h' || c == 'c' || c == 'd' || c == 's' || c == 'f' || c == 'n';
}

constexpr std::array<bool, 256> kInNames = [] {
  std::array<bool, 256> in{};
  for (char c : std::string_view("._$/:@#-<>~+")) in[static_cast<unsigned char>(c)] = true;
  return in;
}();

bool ends_file_or_host(std::string_view last) {
  constexpr std::array<std::string_view, 50> endings = {
      "html", "htm", "xml", "xsd",  "yaml", "yml",  "json", "toml", "ini",  "conf",
      "cfg",  "cnf", "env", "lock", "txt",  "md",   "log",  "out",  "err",  "csv",
      "tsv",  "pdf", "doc", "docx", "xls",  "xlsx", "png",  "jpg",  "jpeg", "gif",
      "svg",  "ico", "css", "zip",  "tar",  "gz",   "tgz",  "bz2",  "xz",   "bak",
      "tmp",  "pem", "crt", "jar",  "war",  "so",   "com",  "net",  "org",  "local"};
  return std::find(endings.begin(), endings.end(), last) != endings.end();
}

}  // namespace

Name name_of(std::string_view text) {
  // "__main__" is Python's.
  bool front = !text.empty() && (is_letter(text.front()) || text.starts_with("__"));
  if (text.size() < 2 || !front) return Name::kNone;
  Name name = Name::kWord;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (is_letter(c) || is_digit(c)) {
      // A capital behind a small letter.
      if (i > 0 && is_upper(c) && text[i - 1] >= 'a' && text[i - 1] <= 'z') name = Name::kQualified;
      continue;
    }
    if (!kInNames[static_cast<unsigned char>(c)]) return Name::kNone;
    if (c != '-' && c != ':') name = Name::kQualified;
    if (c == ':' && i + 1 < text.size() && text[i + 1] == ':') name = Name::kQualified;
  }
  return text.back() == ':' || text.find("//") != text.npos ? Name::kNone : name;
}

// Others that severity_of_word() knows ("HTTP server", "Config loaded", "Log file", single letters)
// are too common in prose. java.util.logging writes "FINE: …" and "CONFIG: …".
std::optional<Severity> level_word(std::string_view word, char behind) {
  if (word.size() < 3) return std::nullopt;
  constexpr std::array<std::string_view, 9> prose = {"log",  "http", "config", "default", "silly",
                                                     "fine", "note", "system", "success"};
  auto severity = severity_of_word(word);
  if (!severity || word == "inf") return std::nullopt;
  char first = static_cast<char>(word.front() | 0x20);
  if (!is_initial(first)) return severity;
  for (std::string_view other : prose) {
    if (!equal_but_case(word, other)) continue;
    bool java = behind == ':' && (word == "FINE" || word == "CONFIG");
    return java ? severity : std::nullopt;
  }
  if (word == "finer") return std::nullopt;
  // .NET: "fail: App.Cart[0]"
  if (behind != ':' && equal_but_case(word, "fail")) return std::nullopt;
  return severity;
}

bool is_module(std::string_view text) {
  size_t begin = 0, parts = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != '.') {
      bool inside = is_letter(text[i]) || text[i] == '_' || text[i] == '$' || text[i] == ':' ||
                    ((is_digit(text[i]) || text[i] == '-' || text[i] == '#') && i > begin);
      if (!inside) return false;
      continue;
    }
    if (i == begin) return false;
    begin = i + 1;
    ++parts;
  }
  std::string_view last = text.substr(text.rfind('.') + 1);
  bool file = ends_file_or_host(last) || is_source_ending(last);
  return parts > 1 && text.size() > 3 && text.back() != ':' && !file;
}

bool is_class(std::string_view text) {
  size_t last = text.rfind('.');
  if (last == text.npos || last == text.find('.') || !is_lower(text.front())) return false;
  bool inside = std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '$';
  });
  bool exception = text.ends_with("Exception") || text.ends_with("Error");
  return inside && !exception && last + 1 < text.size() && is_upper(text[last + 1]) &&
         text.find("..") == text.npos;
}

std::optional<Severity> level_of_php(std::string_view message) {
  constexpr std::string_view mark = "PHP ";
  constexpr size_t longest = 32;
  if (!message.starts_with(mark)) return std::nullopt;
  std::string_view words = message.substr(mark.size(), longest);
  size_t colon = words.find(": ");
  if (colon == words.npos) return std::nullopt;
  words = words.substr(0, colon);
  if (words == "Fatal error") return severity_of_word("fatal");
  if (words == "Deprecated" || words == "Strict Standards") return severity_of_word("notice");
  std::string_view last = words.substr(words.rfind(' ') + 1);
  bool known = last == "error" || last == "Notice" || last == "Warning" || last == "warning";
  return known ? severity_of_word(last) : std::nullopt;
}

}  // namespace waybill::parsers::text
