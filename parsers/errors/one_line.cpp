// SPDX-License-Identifier: Apache-2.0
#include "parsers/errors/one_line.h"

#include <algorithm>

#include "core/ascii.h"

namespace waybill::parsers::errors {

namespace {

std::string_view digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return text.substr(at, end - at);
}

// The whole name whose last word is [begin, end) of `text`.
size_t name_begin(std::string_view text, size_t begin) {
  constexpr std::string_view joints = ".$\\/+:";
  size_t at = begin;
  while (at > 0) {
    char c = text[at - 1];
    bool joint = joints.find(c) != joints.npos && at > 1 && is_word_byte(text[at - 2]);
    bool second_colon = c == ':' && at > 1 && text[at - 2] == ':';
    if (!is_word_byte(c) && !joint && !second_colon) break;
    --at;
  }
  if (at > 0 && (text[at - 1] == '*' || text[at - 1] == '&')) --at;
  return at;
}

class Looker {
 public:
  Looker(std::string_view message, bool classes)
      : text_(message.substr(0, kFarthest)), whole_(message), classes_(classes) {}

  Signs look() {
    for (size_t at = 0; at < text_.size();) {
      size_t end = at;
      while (end < text_.size() && is_word_byte(text_[end])) ++end;
      if (end > at) word(at, end);
      at = end + 1;
    }
    if (signs_.words != Kind::kNone) special_codes();
    if (classes_ && signs_.any() && signs_.exception.message.empty()) message_behind_error();
    return signs_;
  }

 private:
  void word(size_t begin, size_t end) {
    size_t size = end - begin;
    char second = size > 1 ? text_[begin + 1] : '\0';
    if (signs_.words == Kind::kNone && may_begin_phrase(text_[begin], second, size)) {
      signs_.words = phrase_at(text_, begin);
      phrase_ = begin;
    }
    if (size < 4) return;
    if (text_[begin] == 'E' && is_upper(second) && signs_.exception.code.empty()) {
      std::string_view code = text_.substr(begin, size);
      if (kind_of_code(code, text_) != Kind::kNone) signs_.exception.code = code;
    }
    if (!classes_ || size < 5 || !signs_.exception.type.empty()) return;
    char last = text_[end - 1];
    bool ending = (last == 'r' && text_.substr(end - 4, 4) == "rror") ||
                  (last == 'n' && text_.substr(end - 5, 5) == "ption");
    if (ending) a_class(begin, end);
  }

  void a_class(size_t begin, size_t end) {
    begin = name_begin(text_, begin);
    std::string_view name = name_at(text_, begin);
    if (begin + name.size() != end || is_bare(name) || !is_class(name)) return;
    if (begin > 0 && (text_[begin - 1] == '/' || text_[begin - 1] == '=')) return;
    if (read_front(text_.substr(begin), false, signs_.exception)) {
      std::string_view rest = whole_.substr(begin);
      std::string_view message = signs_.exception.message;
      signs_.exception.message = message.substr(0, std::min(message.find('\n'), message.size()));
      // Text that is longer than what is looked at goes on.
      if (text_.size() < whole_.size() && !message.empty()) {
        signs_.exception.message = rest.substr(static_cast<size_t>(message.data() - rest.data()));
      }
    } else if (name.find_first_of(".:\\") != name.npos) {
      signs_.exception.type = name;  // "caught java.io.IOException while …"
    }
  }

  // Codes that stand in words of their own.
  void special_codes() {
    Exception& exception = signs_.exception;
    size_t at = text_.find("[Errno ");
    if (at != text_.npos) {
      exception.code = digits_at(text_, at + 7);
      if (classes_ && exception.message.empty()) exception.message = whole_.substr(at);
    } else if (at = text_.find("(os error "); at != text_.npos) {
      exception.code = digits_at(text_, at + 10);
    } else if (at = text_.find("rpc error: code = "); at != text_.npos) {
      std::string_view rest = whole_.substr(at + 18);
      exception.code = rest.substr(0, std::min(rest.find(' '), rest.size()));
      size_t description = rest.find("desc = ");
      if (classes_ && exception.message.empty() && description != rest.npos) {
        exception.message = rest.substr(description + 7);
      }
      Kind kind = kind_of_code(exception.code, text_);
      if (kind != Kind::kNone) signs_.words = kind;
    } else if (at = text_.find("SQLSTATE"); at != text_.npos) {
      sqlstate(at + 8);
    }
  }

  // "SQLSTATE[23505]", "SQLSTATE 23505", "SQLSTATE: 23505".
  void sqlstate(size_t at) {
    constexpr std::string_view between = "[: =(";
    while (at < text_.size() && between.find(text_[at]) != between.npos) ++at;
    std::string_view state = text_.substr(at, 5);
    bool sound = state.size() == 5 && std::all_of(state.begin(), state.end(), [](char c) {
                   return is_digit(c) || is_upper(c);
                 });
    if (!sound) return;
    signs_.exception.code = state;
    signs_.words = kind_of_sqlstate(state);
  }

  void message_behind_error() {
    for (std::string_view front : {"error: ", "Error: ", "ERROR: ", "err: "}) {
      size_t at = whole_.find(front);
      bool apart = at != whole_.npos && (at == 0 || !is_word_byte(whole_[at - 1]));
      if (!apart || (signs_.words != Kind::kNone && at > phrase_)) continue;
      std::string_view said = whole_.substr(at + front.size());
      // Below, Rust's tracing says where.
      signs_.exception.message = said.substr(0, std::min(said.find("\n    at "), said.size()));
      return;
    }
  }

  std::string_view text_;
  std::string_view whole_;
  bool classes_;
  Signs signs_;
  size_t phrase_ = 0;
};

}  // namespace

Signs look_for_signs(std::string_view message) { return Looker(message, true).look(); }

Signs look_for_code(std::string_view message) { return Looker(message, false).look(); }

}  // namespace waybill::parsers::errors
