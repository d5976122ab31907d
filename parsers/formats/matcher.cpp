// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/matcher.h"

#include <algorithm>
#include <array>

#include "parsers/formats/fields.h"
#include "parsers/formats/shapes.h"

namespace waybill::parsers::formats {

namespace {

constexpr size_t kLongestTime = 40;  // that a field may have looked at before it did not fit
constexpr size_t kLongestLevel = 13;

class Matcher {
 public:
  Matcher(const std::vector<Step>& steps, Subject& subject, Match& match)
      : steps_(steps), subject_(subject), line_(subject.line), match_(match) {}

  bool read() {
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (!(step.field ? field(step, i) : literal(step))) {
        note_failure(step);
        return false;
      }
    }
    if (trimmed(line_.substr(at_)).empty()) return true;
    note_reach(line_.size());
    return false;
  }

 private:
  // Dates and statuses that cannot be: other digits could.
  void note_failure(const Step& step) {
    constexpr std::array times = {Type::kTime,  Type::kGlog,  Type::kCockroach, Type::kYmd,
                                  Type::kEpoch, Type::kStamp, Type::kDayMonth,  Type::kDate};
    bool time = step.field && std::find(times.begin(), times.end(), step.type) != times.end();
    // Behind a letter, glog's.
    bool letter = step.field && (step.type == Type::kGlog || step.type == Type::kCockroach);
    size_t first = at_ + (letter ? 1 : 0);
    bool digits = first < line_.size() && is_digit(line_[first]);
    if (digits && (time || (step.field && step.type == Type::kStatus))) {
      note_reach(Subject::kBeyond);
    }
    size_t word = step.field && step.type == Type::kLevel ? kLongestLevel + 1 : 1;
    note_reach(std::min(at_ + (time ? kLongestTime : word), line_.size()));
  }

  // What does not fit; `letters`: others in their place might.
  bool refuse(bool letters) {
    if (letters) note_reach(Subject::kBeyond);
    return false;
  }

  void note_reach(size_t end) { subject_.reach = std::max(subject_.reach, end); }

  bool literal(const Step& step) {
    if (step.blank) {
      size_t start = at_;
      skip_blanks();
      return at_ > start || at_ == line_.size();
    }
    if (line_.size() - at_ < step.literal.size()) return false;
    for (char c : step.literal) {
      if (line_[at_++] == c) continue;
      // Another word of small letters has the same shape.
      if (is_lower(c) && is_lower(line_[at_ - 1])) note_reach(Subject::kBeyond);
      return false;
    }
    return true;
  }

  void skip_blanks() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
  }

  // The literal behind step `i`: blanks around a value are not its own, so a blank before a literal
  // is passed over.
  std::string_view stop_behind(size_t i) const {
    if (i + 1 == steps_.size()) return {};
    bool blank = steps_[i + 1].blank;
    if (blank && i + 2 < steps_.size() && !steps_[i + 2].field) return steps_[i + 2].literal;
    return steps_[i + 1].literal;
  }

  // Whether the literal behind step `i` stands at `position`, with a blank behind it where the
  // pattern has one.
  bool stops_at(size_t i, size_t position) const {
    size_t at = steps_[i + 1].blank ? i + 2 : i + 1;
    std::string_view literal = steps_[at].literal;
    if (!line_.substr(position).starts_with(literal)) return false;
    bool blank = at + 1 < steps_.size() && steps_[at + 1].blank;
    size_t behind = position + literal.size();
    return !blank || behind >= line_.size() || is_blank(line_[behind]);
  }

  bool field(const Step& step, size_t i) {
    switch (step.type) {
      case Type::kTime: return time();
      case Type::kLevel: return level();
      case Type::kGlog:
      case Type::kCockroach: return glog(step);
      case Type::kLetter: return letter();
      case Type::kRedis:
      case Type::kSeverity:
      case Type::kInitial:
      case Type::kWebsphere:
      case Type::kSssd: return sign(step);
      case Type::kYmd:
        return take_time(ymd_time(line_.substr(at_), subject_.zone, subject_.now_ns));
      case Type::kDate: return date();
      case Type::kInt:
      case Type::kStatus:
      case Type::kNum: return number(step);
      case Type::kQuoted:
      case Type::kRequest: return quoted(step);
      case Type::kWord:
      case Type::kSource:
      case Type::kClass:
      case Type::kPeer:
      case Type::kName:
      case Type::kUuid:
      case Type::kDotted:
      case Type::kCategory:
      case Type::kSquid:
      case Type::kHex:
      case Type::kWarning:
      case Type::kProgram:
      case Type::kCaps:
      case Type::kHost:
      case Type::kOpt: return word(step, i);
      case Type::kClients:
      case Type::kAddress: return clients(step);
      case Type::kUser: return user(step);
      case Type::kStamp:
        return take_time(stamp_time(line_.substr(at_), subject_.zone, subject_.now_ns));
      case Type::kDayMonth:
        return take_time(day_month_time(line_.substr(at_), subject_.zone, subject_.now_ns));
      case Type::kCsv: return csv(step);
      case Type::kCef: return cef(step);
      case Type::kWarns: match_.severity = severity_of_word("warn"); return true;
      case Type::kInside: return inside(step, i);
      case Type::kNginx:
        take_nginx(line_.substr(at_), match_);
        at_ = line_.size();
        return true;
      case Type::kEpoch: return epoch();
      case Type::kPostgres: return postgres(step);
      case Type::kText:
      case Type::kPhrase:
      case Type::kPlain:
      case Type::kTitle:
      case Type::kMosquitto:
      case Type::kLast: return text(step, i);
    }
    return false;
  }

  bool take_time(const std::optional<Time>& time) {
    if (!time) return false;
    match_.time = time;
    at_ += time->size;
    return true;
  }

  bool time() {
    if (at_ == 0) return take_time(subject_.time(false));
    if (at_ == 1 && line_[0] == '[') return take_time(subject_.time(true));
    return take_time(
        time_at_start(line_.substr(at_), subject_.zone, day_ns_.value_or(subject_.now_ns)));
  }

  bool date() {
    day_ns_ = day_at_start(line_.substr(at_), subject_.zone);
    if (!day_ns_) return false;
    at_ += kDateSize;
    return true;
  }

  bool level() {
    skip_blanks();
    std::string_view word = subject_.level_word(at_);
    if (word.empty()) return false;
    match_.severity = subject_.severity();
    match_.level_word = word;
    at_ += word.size();
    // "[INFO ]": padding before a bracket. Before a blank of the pattern it stays.
    size_t behind = at_;
    while (behind < line_.size() && is_blank(line_[behind])) ++behind;
    if (behind < line_.size() && (line_[behind] == ']' || line_[behind] == '|')) at_ = behind;
    return true;
  }

  bool csv(const Step& step) {
    std::string_view value;
    size_t size = size_of_csv(line_.substr(at_), value);
    note_reach(at_ + std::min(size, line_.size() - at_));
    if (size > line_.size() - at_) return false;
    if (!value.empty()) keep(step, value, Type::kCsv);
    at_ += size;
    return true;
  }

  bool cef(const Step& step) {
    std::string_view rest = line_.substr(at_);
    at_ = line_.size();
    note_reach(line_.size());
    keep(step, rest, Type::kText);
    match_.time = time_of_event(rest, subject_.zone, subject_.now_ns);
    return true;
  }

  bool clients(const Step& step) {
    size_t end = at_ + size_of_clients(line_.substr(at_));
    note_reach(end);
    if (end == at_) return false;
    std::string_view all = line_.substr(at_, end - at_);
    std::string_view first = all.substr(0, all.find(','));
    if (first.empty()) return false;
    if (step.type == Type::kAddress && first.find_first_of(".:") == first.npos) return false;
    keep(step, first, Type::kText);
    std::string_view others = all.substr(std::min(first.size() + 1, all.size()));
    if (!others.empty()) {
      match_.add({Place::kContext, Type::kText, "forwarded", trimmed(others)});
    }
    at_ = end;
    return true;
  }

  bool user(const Step& step) {
    size_t size = size_of_user(line_.substr(at_));
    note_reach(at_ + size);
    std::string_view value = line_.substr(at_, size);
    if (value.empty() || value.starts_with("- ")) return false;
    if (value != "-") keep(step, value, Type::kText);
    at_ += size;
    return true;
  }

  bool inside(const Step& step, size_t i) {
    std::string_view literal = stop_behind(i);
    if (literal.empty()) return false;
    char stop = literal.front();
    size_t end = at_;
    while (end < line_.size() && line_[end] != stop && line_[end] != ']' && line_[end] != '[')
      ++end;
    note_reach(std::min(end + 1, line_.size()));
    if (end == line_.size() || line_[end] != stop) return false;
    std::string_view value = trimmed(line_.substr(at_, end - at_));
    if (!value.empty()) keep(step, value, Type::kText);
    at_ = end;
    return true;
  }

  // A level by something else than its word.
  bool sign(const Step& step) {
    size_t size = take_sign(step.type, line_.substr(at_), match_);
    at_ += size;
    return size > 0 || refuse(step.type == Type::kSssd && line_.substr(at_).starts_with("0x"));
  }

  bool letter() {
    if (at_ >= line_.size() || line_[at_] < 'A' || line_[at_] > 'Z') return false;
    ++at_;
    return true;
  }

  bool glog(const Step& step) {
    if (at_ + 1 >= line_.size()) return false;
    constexpr std::string_view letters = "IWEF";
    if (letters.find(line_[at_]) == std::string_view::npos) return false;
    constexpr size_t in_cockroach = 7;  // a blank, behind the letter and six digits
    bool short_year = line_.size() > at_ + in_cockroach && line_[at_ + in_cockroach] == ' ';
    auto time = glog_time(line_.substr(at_ + 1), subject_.zone, subject_.now_ns);
    if (!time || short_year != (step.type == Type::kCockroach)) return false;
    match_.severity = severity_of_word(line_.substr(at_, 1));
    ++at_;
    return take_time(time);
  }

  bool epoch() {
    size_t end = at_;
    while (end < line_.size() && (is_digit(line_[end]) || line_[end] == '.')) ++end;
    auto time = time_of_number(line_.substr(at_, end - at_));
    return take_time(time);
  }

  bool postgres(const Step& step) {
    size_t colon = line_.find(":  ", at_);
    if (colon == std::string_view::npos) return false;
    note_reach(colon);
    size_t end = take_postgres(line_, at_, colon, step, match_);
    if (end == std::string_view::npos) return false;
    at_ = end;
    return true;
  }

  bool number(const Step& step) {
    skip_blanks();
    size_t end = at_;
    if (end < line_.size() && line_[end] == '-') ++end;
    size_t digits = end;
    while (end < line_.size() && is_digit(line_[end])) ++end;
    if (end == digits) {
      // "-": no number was known.
      bool none = step.type != Type::kNum && end == at_ + 1;
      at_ = end;
      return none;
    }
    if (step.type == Type::kNum && end < line_.size() && line_[end] == '.') {
      size_t fraction = ++end;
      while (end < line_.size() && is_digit(line_[end])) ++end;
      if (end == fraction) return false;
    }
    // JSON has no number with leading zeros: "007" is a text.
    std::string_view value = line_.substr(at_, end - at_);
    bool zeros = line_[digits] == '0' && digits + 1 < end && line_[digits + 1] != '.';
    if (step.type == Type::kStatus) {
      if (value.size() != 3 || value[0] < '1' || value[0] > '5') return false;
      if (value[0] == '5' && !match_.severity) match_.severity = severity_of_word("error");
    }
    keep(step, value, zeros ? Type::kText : Type::kNum);
    at_ = end;
    return true;
  }

  bool quoted(const Step& step) {
    size_t end = at_;
    while (end < line_.size() && line_[end] != '"') end += line_[end] == '\\' ? 2 : 1;
    note_reach(std::min(end, line_.size()));
    if (end >= line_.size()) return false;
    std::string_view value = line_.substr(at_, end - at_);
    at_ = end;
    if (step.type == Type::kRequest) {
      take_request(value, match_);
    } else if (!value.empty() && value != "-") {
      keep(step, value, Type::kText);
    }
    return true;
  }

  bool word(const Step& step, size_t i) {
    size_t end = at_;
    while (end < line_.size() && !is_blank(line_[end])) ++end;
    note_reach(end);
    if (end == at_) return false;
    std::string_view stop = stop_behind(i);
    bool blank = i + 1 < steps_.size() && steps_[i + 1].blank;
    if (!stop.empty() && !is_blank(stop.front()) && !blank) {
      // What ends it may stand inside it, too ("a:b: c"): the last place is meant, but of a name.
      size_t found = at_;
      char first = stop.front();
      auto stops = [&](size_t at) { return line_[at] == first && stops_at(i, at); };
      if (step.type == Type::kName) {
        while (found < end && !stops(found)) ++found;
        if (found == end) return false;
      } else {
        for (found = end - 1; found > at_ && !stops(found);) --found;
      }
      if (found == at_) return false;
      end = found;
    }
    std::string_view value = line_.substr(at_, end - at_);
    if (step.type == Type::kClass) take_line(value, match_);
    if (step.type == Type::kSource && !is_place(value))
      return refuse(value.find(':') != value.npos);
    if (step.type == Type::kClass && !is_class(value)) return false;
    if (step.type == Type::kName && !is_name(value)) return false;
    if (step.type == Type::kUuid && !is_uuid(value)) return refuse(value.size() == 36);
    if (step.type == Type::kHost && value.find(',') != value.npos) return false;
    if (step.type == Type::kDotted && !is_dotted(value)) return false;
    if (step.type == Type::kCategory && !is_category(value, match_.level_word)) return false;
    if (step.type == Type::kHex && !is_hex_id(value)) return refuse(value.size() == 8);
    if (step.type == Type::kSquid && !is_squid(value)) return refuse(true);
    if (step.type == Type::kCaps && value != "-" && !is_capitals(value)) return false;
    if (step.type == Type::kWarning) {
      if (!is_name(value) || !value.ends_with("Warning")) return refuse(true);
      match_.severity = severity_of_word("warn");
    }
    if (step.type == Type::kProgram && (!is_name(value) || severity_of_word(value))) {
      return refuse(true);
    }
    at_ = end;
    if (step.type == Type::kPeer) {
      take_peer(step, value, match_);
    } else if ((step.type != Type::kOpt && step.type != Type::kCaps) || value != "-") {
      keep(step, value, Type::kText);
    }
    return true;
  }

  bool text(const Step& step, size_t i) {
    std::string_view stop = stop_behind(i);
    size_t end = line_.size();
    if (!stop.empty() && stop != " ") {
      bool last = step.type == Type::kLast;
      end = last ? line_.rfind(stop) : line_.find(stop, at_);
      while (end != std::string_view::npos && end >= at_ && !stops_at(i, end)) {
        bool over = last && end == 0;
        end = over ? line_.npos : last ? line_.rfind(stop, end - 1) : line_.find(stop, end + 1);
      }
      bool whole = last || end == std::string_view::npos;
      if (end == line_.npos && std::any_of(stop.begin(), stop.end(), is_lower)) refuse(true);
      note_reach(whole ? line_.size() : std::min(end + stop.size() + 1, line_.size()));
      if (end == std::string_view::npos || end < at_) return false;
      if (i + 2 < steps_.size() && steps_[i + 1].blank && !steps_[i + 2].field) {
        // A blank stands before the literal: it is matched anew from there.
        while (end > at_ && is_blank(line_[end - 1])) --end;
      }
    } else if (stop == " ") {
      bool last = step.type == Type::kLast;
      end = last ? line_.rfind(' ') : std::min(line_.find(' ', at_), line_.size());
      if (last) note_reach(line_.size());
      if (end == line_.npos || end < at_) return false;
    }
    std::string_view value = trimmed(line_.substr(at_, end - at_));
    if (step.type == Type::kPhrase && value.find(' ') == value.npos) return false;
    if (step.type == Type::kPlain && value.starts_with('{')) return false;
    if (step.type == Type::kMosquitto && !is_mosquitto(value)) return refuse(true);
    if (step.type == Type::kTitle && (value.empty() || !is_upper(value.front()))) return false;
    at_ = end;
    if (!value.empty() || step.place == Place::kMessage) keep(step, value, Type::kText);
    return true;
  }

  void keep(const Step& step, std::string_view value, Type type) { match_.keep(step, value, type); }

  const std::vector<Step>& steps_;
  Subject& subject_;
  std::string_view line_;
  Match& match_;
  size_t at_ = 0;
  std::optional<int64_t> day_ns_;  // of a date that stands apart from its time
};

}  // namespace

bool match_steps(const std::vector<Step>& steps, Subject& subject, Match& match) {
  return Matcher(steps, subject, match).read();
}

}  // namespace waybill::parsers::formats
