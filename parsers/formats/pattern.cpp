// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/pattern.h"

#include <algorithm>

#include "core/ascii.h"
#include "parsers/formats/matcher.h"
#include "parsers/formats/shapes.h"

namespace waybill::parsers::formats {

namespace {

struct TypeName {
  std::string_view name;
  Type type;
};
constexpr std::array kTypes = {
    TypeName{"text", Type::kText},
    TypeName{"last", Type::kLast},
    TypeName{"word", Type::kWord},
    TypeName{"opt", Type::kOpt},
    TypeName{"int", Type::kInt},
    TypeName{"num", Type::kNum},
    TypeName{"quoted", Type::kQuoted},
    TypeName{"status", Type::kStatus},
    TypeName{"request", Type::kRequest},
    TypeName{"glog", Type::kGlog},
    TypeName{"redis", Type::kRedis},
    TypeName{"ymd", Type::kYmd},
    TypeName{"epoch", Type::kEpoch},
    TypeName{"source", Type::kSource},
    TypeName{"class", Type::kClass},
    TypeName{"postgres", Type::kPostgres},
    TypeName{"peer", Type::kPeer},
    TypeName{"name", Type::kName},
    TypeName{"letter", Type::kLetter},
    TypeName{"nginx", Type::kNginx},
    TypeName{"severity", Type::kSeverity},
    TypeName{"uuid", Type::kUuid},
    TypeName{"phrase", Type::kPhrase},
    TypeName{"initial", Type::kInitial},
    TypeName{"inside", Type::kInside},
    TypeName{"dotted", Type::kDotted},
    TypeName{"program", Type::kProgram},
    TypeName{"plain", Type::kPlain},
    TypeName{"caps", Type::kCaps},
    TypeName{"clients", Type::kClients},
    TypeName{"address", Type::kAddress},
    TypeName{"user", Type::kUser},
    TypeName{"stamp", Type::kStamp},
    TypeName{"host", Type::kHost},
    TypeName{"cockroach", Type::kCockroach},
    TypeName{"cef", Type::kCef},
    TypeName{"category", Type::kCategory},
    TypeName{"squid", Type::kSquid},
    TypeName{"csv", Type::kCsv},
    TypeName{"websphere", Type::kWebsphere},
    TypeName{"sssd", Type::kSssd},
    TypeName{"warns", Type::kWarns},
    TypeName{"mosquitto", Type::kMosquitto},
    TypeName{"hex", Type::kHex},
    TypeName{"title", Type::kTitle},
    TypeName{"warning", Type::kWarning},
    TypeName{"daymonth", Type::kDayMonth},
    TypeName{"date", Type::kDate},
};

Place place_of(std::string_view name) {
  if (name.empty()) return Place::kNowhere;
  if (name == "message") return Place::kMessage;
  if (name == "logger") return Place::kLogger;
  if (name == "thread") return Place::kThread;
  if (name == "caller") return Place::kCaller;
  return Place::kContext;
}

// Whether the first of its words might be a time's.
bool takes_any_word(Type type) {
  return type == Type::kWord || type == Type::kOpt || type == Type::kPeer || type == Type::kName ||
         type == Type::kClass || type == Type::kSource || type == Type::kUuid ||
         type == Type::kDotted || type == Type::kHost || type == Type::kClients ||
         type == Type::kAddress;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view notation) {
  Pattern pattern;
  auto literal = [&](std::string_view text) {
    Step step;
    step.literal = text;
    step.blank = text == " ";
    pattern.steps_.push_back(std::move(step));
  };
  size_t fields = 0;
  // Each field, and what stands around it.
  auto percents = static_cast<size_t>(std::count(notation.begin(), notation.end(), '%'));
  pattern.steps_.reserve(3 * percents + 1);
  while (!notation.empty()) {
    if (notation.front() == ' ') {
      size_t end = std::min(notation.find_first_not_of(' '), notation.size());
      literal(" ");
      notation.remove_prefix(end);
      continue;
    }
    if (!notation.starts_with("%{")) {
      size_t end = std::min({notation.find("%{"), notation.find(' '), notation.size()});
      literal(notation.substr(0, end));
      notation.remove_prefix(end);
      continue;
    }
    size_t end = notation.find('}');
    if (end == std::string_view::npos) {
      return Error{Action::kFixConfig, "'%{' without '}' at \"" + std::string(notation) + "\""};
    }
    std::string_view inside = notation.substr(2, end - 2);
    size_t colon = std::min(inside.find(':'), inside.size());
    std::string_view type = colon < inside.size() ? inside.substr(colon + 1) : std::string_view{};
    Step step;
    step.field = true;
    step.name = inside.substr(0, colon);
    step.place = place_of(step.name);
    if (type.empty()) {
      step.type = step.name == "time"    ? Type::kTime
                  : step.name == "level" ? Type::kLevel
                                         : Type::kText;
    } else {
      const auto* known = std::find_if(kTypes.begin(), kTypes.end(),
                                       [&](const TypeName& each) { return each.name == type; });
      if (known == kTypes.end())
        return Error{Action::kFixConfig, "unknown type '" + std::string(type) + "'"};
      step.type = known->type;
    }
    bool endless =
        !pattern.steps_.empty() && pattern.steps_.back().field &&
        (pattern.steps_.back().type == Type::kText || pattern.steps_.back().type == Type::kPhrase ||
         pattern.steps_.back().type == Type::kLast || pattern.steps_.back().type == Type::kPlain ||
         pattern.steps_.back().type == Type::kInside);
    if (endless) {
      return Error{Action::kFixConfig, "nothing says where '" +
                                           std::string(pattern.steps_.back().name) +
                                           "' ends, before '" + std::string(step.name) + "'"};
    }
    if (++fields > Match::kMost - 3) return Error{Action::kFixConfig, "more than 21 fields"};
    pattern.steps_.push_back(std::move(step));
    notation.remove_prefix(end + 1);
  }
  if (fields == 0) return Error{Action::kFixConfig, "a pattern needs at least one %{…}"};
  pattern.steps_.shrink_to_fit();
  pattern.look_at_front();
  return pattern;
}

bool Pattern::match(Subject& subject, Match& match) const {
  if (!subject.measures) {
    if ((marks_ & ~subject.marks()) != 0) return false;
    if (postgres_ && !subject.has_colon_and_blanks()) return false;
  }
  match.time.reset();
  match.severity.reset();
  match.level_word = {};
  match.count = 0;
  return match_steps(steps_, subject, match);
}

// The bytes that `step` can begin with; none at the end of the pattern.
std::bitset<256> Pattern::first_bytes(size_t step) const {
  std::bitset<256> bytes;
  if (step >= steps_.size()) return bytes;
  auto allow = [&](auto&& wanted) {
    for (int c = 0; c < 256; ++c) {
      if (wanted(static_cast<char>(c))) bytes.set(static_cast<size_t>(c));
    }
  };
  const Step& first = steps_[step];
  if (!first.field) {
    bytes.set(static_cast<unsigned char>(first.literal.front()));
    if (first.blank) bytes.set('\t');
    return bytes;
  }
  switch (first.type) {
    case Type::kTime: allow([](char c) { return is_digit(c) || is_letter(c); }); break;
    case Type::kGlog:
    case Type::kCockroach:
      allow([](char c) { return c == 'I' || c == 'W' || c == 'E' || c == 'F'; });
      break;
    case Type::kLevel: allow([](char c) { return is_letter(c) || is_blank(c); }); break;
    case Type::kInt:
    case Type::kNum:
    case Type::kStatus: allow([](char c) { return is_digit(c) || c == '-' || is_blank(c); }); break;
    case Type::kYmd:
    case Type::kDate:
    case Type::kEpoch: allow(is_digit); break;
    case Type::kSeverity: allow([](char c) { return c >= '0' && c <= '7'; }); break;
    case Type::kLetter:
    case Type::kCategory:
    case Type::kInitial: allow(is_upper); break;
    case Type::kDayMonth:
    case Type::kStamp: allow(is_digit); break;
    case Type::kSquid: allow([](char c) { return c == 'k' || c == 's'; }); break;
    case Type::kCaps: allow([](char c) { return is_upper(c) || c == '-'; }); break;
    case Type::kName:
    case Type::kDotted:
    case Type::kProgram:
      allow([](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
      break;
    case Type::kClass:
    case Type::kSource:
      allow([](char c) { return is_letter(c) || c == '_' || c == '.' || c == '/'; });
      break;
    case Type::kPeer:
      allow([](char c) { return is_digit(c) || is_letter(c) || c == '[' || c == ':' || c == '-'; });
      break;
    case Type::kWord:
    case Type::kHost:
    case Type::kClients:
    case Type::kAddress:
    case Type::kOpt: allow([](char c) { return !is_blank(c) && c != '['; }); break;
    default: bytes.set();
  }
  return bytes;
}

void Pattern::look_at_front() {
  auto is_time = [&](size_t i) {
    return i < steps_.size() && steps_[i].field && steps_[i].type == Type::kTime;
  };
  for (const Step& step : steps_) {
    for (char c : step.literal) marks_ |= mark_of(c);
    if (step.type == Type::kSource) marks_ |= mark_of(':');
    postgres_ = postgres_ || step.type == Type::kPostgres;
  }
  bool bracket = steps_[0].literal == "[" && is_time(1);
  size_t behind = bracket ? 2 : 1;
  if (behind < steps_.size() && (bracket || is_time(0))) {
    front_ = bracket ? Front::kBracketTime : Front::kTime;
    return look_behind_time(behind);
  }
  bool level = steps_[0].field && steps_[0].type == Type::kLevel && behind < steps_.size();
  next_ = first_bytes(level ? behind : 0);
  if (level) {
    front_ = Front::kLevel;
  } else if (steps_[0].field && takes_any_word(steps_[0].type)) {
    front_ = Front::kWord;
  }
}

void Pattern::look_behind_time(size_t step) {
  for (; step < steps_.size() && !steps_[step].field; ++step) lead_ += steps_[step].literal;
  next_ = first_bytes(step);
  leads_to_level_ = step < steps_.size() && steps_[step].type == Type::kLevel;
  constexpr std::array others = {Type::kProgram, Type::kSource, Type::kInitial,
                                 Type::kUuid,    Type::kDotted, Type::kAddress};
  leads_to_no_level_ = step < steps_.size() &&
                       std::find(others.begin(), others.end(), steps_[step].type) != others.end();
  if (!leads_to_level_) return;
  bool apart = step + 2 < steps_.size() && steps_[step + 1].blank;
  behind_level_ = apart ? first_bytes(step + 2) : std::bitset<256>().set();
}

bool Pattern::begins_with_digits(size_t digits, char behind) const {
  const Step& first = steps_[0];
  constexpr size_t in_ymd = 6;
  if (first.type == Type::kYmd) return digits == in_ymd;
  if (first.type == Type::kDayMonth) return digits == 2 && is_blank(behind);
  bool number = first.field && (first.type == Type::kInt || first.type == Type::kEpoch);
  if (!number || steps_.size() < 2) return true;
  return steps_[1].blank ? is_blank(behind) : steps_[1].literal.front() == behind;
}

}  // namespace waybill::parsers::formats
