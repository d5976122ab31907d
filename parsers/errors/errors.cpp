// SPDX-License-Identifier: Apache-2.0
#include "parsers/errors/errors.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "core/ascii.h"
#include "core/canonical.h"
#include "core/json_text.h"
#include "parsers/common/pairs.h"
#include "parsers/errors/exception.h"
#include "parsers/errors/kinds.h"
#include "parsers/errors/one_line.h"

namespace waybill::parsers::errors {

namespace {

// Of the causes that a stack lists the last one is what went wrong in the first place. It is looked
// for from the end, and not for ever.
Kind kind_of_causes(std::string_view stack, std::string_view message) {
  constexpr int most = 16;
  for (std::string_view mark : {" ---> ", "Caused by: "}) {
    size_t at = stack.rfind(mark);
    for (int i = 0; i < most && at != stack.npos; ++i) {
      Kind cause = kind_of_class(name_at(stack, at + mark.size()), message);
      if (cause != Kind::kNone) return cause;
      if (at == 0) break;
      at = stack.rfind(mark, at - 1);
    }
  }
  return Kind::kNone;
}

// "a.b.C: message": where only an exception can stand, a qualified name is its class whatever it
// ends with.
void read_qualified(std::string_view stack, Exception& found) {
  std::string_view name = name_at(stack, 0);
  bool qualified = name.find_first_of(".\\") != name.npos || name.find("::") != name.npos;
  if (!qualified || stack.substr(name.size(), 2) != ": ") return;
  found.type = name;
  found.message = stack.substr(name.size() + 2);
  found.message = found.message.substr(0, std::min(found.message.find('\n'), stack.size()));
}

// Rust's tracing prints an error without quotes, "error=connection refused (os error 111) n=1": of
// such a `value` that stands in `text`, all of it, up to the next key or the end of the line.
std::string_view whole_pair(std::string_view value, std::string_view text) {
  std::less<const char*> before;
  bool within = !value.empty() && !before(value.data(), text.data()) &&
                before(value.data(), text.data() + text.size());
  if (!within) return value;
  auto at = static_cast<size_t>(value.data() - text.data());
  std::string_view key = text.substr(0, at);
  bool own = key.ends_with("error=") || key.ends_with("err=");
  size_t name = key.ends_with("error=") ? 6 : 4;
  bool apart = own && (key.size() == name || is_blank(key[key.size() - name - 1]));
  std::string_view rest = text.substr(at);
  rest = rest.substr(0, std::min(rest.find('\n'), rest.size()));
  if (!apart || rest.size() <= value.size() || !is_blank(rest[value.size()])) return value;
  Pair next;
  for (size_t from = value.size(); next_pair(rest, from, next); from = next.end) {
    if (!is_blank(rest[next.begin - 1])) continue;
    rest = rest.substr(0, next.begin);
    break;
  }
  constexpr std::string_view between = " \t,:";
  while (rest.size() > value.size() && between.find(rest.back()) != between.npos) {
    rest.remove_suffix(1);
  }
  return rest.back() == '"' || rest.back() == '\'' ? value : rest;
}

class Noter {
 public:
  Noter(Batch& batch, Record& record) : batch_(batch), record_(record) {}

  void note() {
    if (record_.error != nullptr) {
      error_ = *record_.error;
      complete();
    } else if (!find()) {
      return;
    }
    settle_code();
    settle_kind();
    auto* made = new (batch_.arena.allocate(sizeof(ErrorInfo), alignof(ErrorInfo))) ErrorInfo;
    *made = error_;
    record_.error = made;
  }

 private:
  std::string_view characters_of(Text text) { return characters(text, batch_.arena); }

  static void fill(Text& place, std::string_view said) {
    if (!place && !said.empty()) place = raw_text(said);
  }

  // "App\\Boom", as Monolog writes it inside of JSON, has its backslashes twice.
  std::string_view unescaped(std::string_view type) {
    if (type.find("\\\\") == type.npos) return type;
    char* begin = batch_.arena.allocate(type.size());
    char* out = begin;
    for (size_t i = 0; i < type.size(); ++i) {
      if (type[i] == '\\' && i + 1 < type.size() && type[i + 1] == '\\') ++i;
      *out++ = type[i];
    }
    return {begin, static_cast<size_t>(out - begin)};
  }

  // What keys say counts; what they leave out is read from the texts that they have.
  void complete() {
    // Datadog's `error.kind` is the class.
    if (error_.kind && !is_kind(error_.kind.bytes())) {
      if (!error_.type) error_.type = error_.kind;
      error_.kind = {};
    }
    if (error_.message && error_.message.form != TextForm::kJson) {
      error_.message = raw_text(whole_pair(error_.message.bytes(), record_.message.bytes()));
    }
    Exception found;
    if (error_.stack && (!error_.type || !error_.message)) {
      std::string_view stack = characters_of(error_.stack);
      if (!find_trace(stack, found) || (found.type.empty() && found.message.empty())) {
        if (!read_front(stack, true, found)) read_qualified(stack, found);
      }
      fill(error_.type, found.type);
      fill(error_.message, found.message);
      fill(error_.code, found.code);
    }
    if (!error_.stack && several_lines() && find_trace(characters_of(record_.message), found)) {
      fill(error_.stack, found.stack);
      fill(error_.type, found.type);
      fill(error_.message, found.message);
      fill(error_.code, found.code);
    }
    Exception front;
    if (!error_.type && error_.message && read_front(characters_of(error_.message), false, front)) {
      fill(error_.type, front.type);
      fill(error_.code, front.code);
    }
  }

  bool several_lines() const {
    Text message = record_.message;
    if (message.form == TextForm::kRaw) return message.bytes().find('\n') != std::string_view::npos;
    return message.form == TextForm::kJson && message.bytes().find("\\n") != std::string_view::npos;
  }

  // The trace that GELF has beside its short message.
  bool find_in_full_message(Exception& found) {
    bool trace = false;
    if (record_.token_count == 0) return false;
    for_each_context_member(batch_, record_, [&](const Member& member) {
      bool full = member.type == JsonType::kString && member.key.bytes() == "full_message";
      if (full && !trace) trace = find_trace(characters_of(member.text), found);
    });
    return trace;
  }

  // An error in the message. False: there is no sign of one.
  bool find() {
    if (!record_.message) return false;
    bool bad = record_.level_said && record_.level >= Level::kWarn;
    if (!bad && !several_lines() && record_.level_said) return false;
    std::string_view message = characters_of(record_.message);
    Exception found;
    bool trace = find_trace(message, found) || (bad && find_in_full_message(found));
    if (!trace && bad) {
      Signs signs = look_for_signs(message);
      if (!signs.any()) return false;
      found = signs.exception;
      words_ = signs.words;
    } else if (!trace && (record_.level_said || !read_front(message, false, found))) {
      return false;
    }
    fill(error_.type, unescaped(found.type));
    fill(error_.message, found.message);
    fill(error_.code, found.code);
    fill(error_.stack, found.stack);
    // Text has a level always: this one is its first words'.
    if (!record_.level_said && record_.level != Level::kNone) {
      record_.level = Level::kError;
      record_.severity = 17;
      record_.level_said = true;
    }
    return true;
  }

  void settle_code() {
    if (error_.message && (!error_.code || words_ == Kind::kNone)) {
      Signs signs = look_for_code(characters_of(error_.message));
      fill(error_.code, signs.exception.code);
      if (words_ == Kind::kNone) words_ = signs.words;
    }
  }

  void settle_kind() {
    if (error_.kind) return;
    std::string_view message =
        error_.message ? characters_of(error_.message) : characters_of(record_.message);
    std::string_view type = error_.type ? characters_of(error_.type) : std::string_view();
    std::string_view code = error_.code ? characters_of(error_.code) : std::string_view();
    Kind kind = kind_of_class(type, message);
    if (kind == Kind::kNone) kind = kind_of_code(code, message);
    if (kind == Kind::kNone) kind = words_;
    if (kind == Kind::kNone && !error_.message) kind = kind_of_words(message);
    if (kind == Kind::kNone && error_.message && message.ends_with("timeout"))
      kind = Kind::kTimeout;
    if (kind == Kind::kNone && error_.stack) {
      kind = kind_of_causes(characters_of(error_.stack), message);
    }
    if (kind == Kind::kNone && (error_.type || error_.code)) kind = Kind::kApp;
    if (kind != Kind::kNone) error_.kind = Text(kind_name(kind), TextForm::kClean);
  }

  Batch& batch_;
  Record& record_;
  ErrorInfo error_;
  Kind words_ = Kind::kNone;
};

}  // namespace

void note_error(Batch& batch, Record& record) {
  if (record.passed != nullptr) return;
  Noter(batch, record).note();
}

}  // namespace waybill::parsers::errors
