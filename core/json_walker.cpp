// SPDX-License-Identifier: Apache-2.0
#include "core/json_walker.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "core/ascii.h"
#include "core/batch.h"
#include "core/json_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace waybill {

static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

// Tokens that there is always room for: no budget counts them, and few lines have as many.
constexpr size_t kKeptRoom = 16 * 1024;

namespace {

bool is_json_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The first backslash in [at, end), or `end`. May read up to 15 bytes behind `end`.
const char* find_backslash(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; at < end; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, backslash)));
    if (mask != 0) {
      const char* found = at + std::countr_zero(mask);
      return found < end ? found : end;
    }
  }
  return end;
#else
  const void* found = at < end ? std::memchr(at, '\\', static_cast<size_t>(end - at)) : nullptr;
  return found != nullptr ? static_cast<const char*>(found) : end;
#endif
}

// Whether every escape in [at, end) is one of RFC 8259, section 7; `at` stands at a backslash.
bool valid_escapes(const char* at, const char* end) {
  while (at < end) {
    // Stage 1 saw the closing quote as unescaped, so a byte follows every backslash.
    switch (at[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't': at += 2; break;
      case 'u':
        if (end - at < 6 || !is_hex(at[2]) || !is_hex(at[3]) || !is_hex(at[4]) || !is_hex(at[5])) {
          return false;
        }
        at += 6;
        break;
      default: return false;
    }
    at = find_backslash(at, end);
  }
  return true;
}

// The end of the number that begins at `at` (RFC 8259, section 6), or null. The bytes behind the
// line are readable and end any number.
const char* number_end(const char* at) {
  if (*at == '-') ++at;
  if (*at == '0') {
    ++at;
  } else {
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == '.') {
    if (!is_digit(*++at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) ++at;
  }
  return at;
}

// Six bits that differ for most pairs of different keys. Reads up to 8 bytes from `key`.
unsigned key_bit(const char* key, uint32_t size) {
  uint64_t head;
  std::memcpy(&head, key, 8);
  if (size < 8) head &= (uint64_t{1} << (size * 8)) - 1;
  uint64_t tail = size > 0 ? static_cast<unsigned char>(key[size - 1]) : 0;
  return static_cast<unsigned>(((head ^ tail << 56 ^ size) * 0x9E3779B97F4A7C15u) >> 58);
}

}  // namespace

// The walk of one line: a loop over structural indexes with a stack of open containers.
class JsonWalker::Walk {
 public:
  // `room` takes a token for each structural index.
  Walk(JsonWalker& owner, std::string_view line, Token* room)
      : owner_(owner),
        text_(line.data()),
        size_(static_cast<uint32_t>(line.size())),
        plain_(std::memchr(line.data(), '\\', line.size()) == nullptr),
        at_(owner.stage1_->structural_indexes.get()),
        tokens_(room),
        next_(room) {}

  WalkOutcome run(uint32_t count) {
    if (count == 0 || text_[*at_] != '{') return WalkOutcome::kMalformed;
    end_ = at_ + count;
    open(Token{});
    while (depth_ > 0) {
      if (!(stack_[depth_ - 1].object ? inside<true>() : inside<false>())) {
        return too_deep_ ? WalkOutcome::kTooDeep : WalkOutcome::kMalformed;
      }
    }
    return at_ == end_ ? WalkOutcome::kObject : WalkOutcome::kMalformed;
  }

  std::span<const Token> tokens() const { return {tokens_, next_}; }
  uint32_t duplicates() const { return duplicates_; }

 private:
  struct Open {
    uint32_t token;    // index into tokens_
    uint32_t members;  // so far
    uint64_t seen;     // key bits of the members so far
    bool object;
    bool begun;  // something of it has been read: a comma or the closing bracket must follow
  };
  // Beyond so many members, duplicates are looked for once, by sorting, when the object ends.
  static constexpr uint32_t kFewMembers = 48;

  // Members or elements of the innermost container, up to one that is a container itself, which is
  // open then, or to its end.
  template <bool kObject>
  bool inside() {
    constexpr char kBracket = kObject ? '}' : ']';
    Open& top = stack_[depth_ - 1];
    if (bool done = false; !begin(top, kBracket, done) || done) return done;
    while (at_ < end_) {
      Token token;
      if constexpr (kObject) {
        if (!key(top, token)) return false;
      } else {
        token.key = token.key_size = token.flags = 0;
      }
      ++top.members;
      char first = text_[*at_];
      if (first == '{' || first == '[') return open(token);
      if (!scalar(first, token) || at_ >= end_) return false;
      char c = text_[*at_++];
      if (c == kBracket) return close();
      if (c != ',') return false;
    }
    return false;
  }

  // What stands in front of a member: nothing, or a comma; or the end of the container, `done`.
  bool begin(Open& top, char bracket, bool& done) {
    if (at_ >= end_) return false;
    char c = text_[*at_];
    if (c == bracket) {
      ++at_;
      return done = close();
    }
    if (!std::exchange(top.begun, true)) return true;
    ++at_;
    return c == ',';
  }

  bool key(Open& top, Token& token) {
    uint32_t at = at_[0], colon = at_[1];
    if (text_[at] != '"' || colon >= size_ || text_[colon] != ':') return false;
    bool escaped = false;
    uint32_t close = closing_quote(at, colon);
    if (!string(at, close, escaped)) return false;
    token.key = at + 1;
    token.key_size = close - at - 1;
    token.flags = static_cast<uint8_t>(Token::kHasKey | (escaped ? Token::kKeyEscaped : 0));
    at_ += 2;
    if (*at_ >= size_) return false;
    if (top.members < kFewMembers) look_for_twin(top, token);
    return true;
  }

  // The value that begins with `first`, at `at_`; no container.
  bool scalar(char first, Token& token) {
    uint32_t at = *at_++;
    switch (first) {
      case '"': {
        uint32_t close = closing_quote(at, *at_);
        bool escaped = false;
        if (!string(at, close, escaped)) return false;
        if (escaped) token.flags |= Token::kValueEscaped;
        append(at, close + 1, JsonType::kString, token);
        return true;
      }
      case 't': return word(at, "true", JsonType::kTrue, token);
      case 'f': return word(at, "false", JsonType::kFalse, token);
      case 'n': return word(at, "null", JsonType::kNull, token);
      default: {
        const char* stop = number_end(text_ + at);
        if (stop == nullptr) return false;
        auto end = static_cast<uint32_t>(stop - text_);
        if (!ends_at(end)) return false;
        append(at, end, JsonType::kNumber, token);
        return true;
      }
    }
  }

  // Whether a number or word may end before `at`: else it is one of "1x2", "truely".
  bool ends_at(uint32_t at) const {
    if (at >= size_) return at == size_;
    char c = text_[at];
    return c == ',' || c == '}' || c == ']' || is_json_blank(c);
  }

  bool word(uint32_t at, std::string_view expected, JsonType type, Token& token) {
    auto size = static_cast<uint32_t>(expected.size());
    if (std::memcmp(text_ + at, expected.data(), size) != 0 || !ends_at(at + size)) return false;
    append(at, at + size, type, token);
    return true;
  }

  void append(uint32_t begin, uint32_t end, JsonType type, Token& token) {
    token.value = begin;
    token.value_size = end - begin;
    token.span = 1;
    token.type = type;
    token.depth = static_cast<uint16_t>(depth_);
    *next_++ = token;
  }

  // The container at `at_`.
  bool open(Token token) {
    if (depth_ == kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    uint32_t at = *at_++;
    bool object = text_[at] == '{';
    append(at, at + 1, object ? JsonType::kObject : JsonType::kArray, token);
    stack_[depth_++] =
        Open{static_cast<uint32_t>(next_ - tokens_ - 1), 0, 0, object, /*begun=*/false};
    return true;
  }

  // Its bracket is the one before `at_`.
  bool close() {
    const Open& top = stack_[--depth_];
    Token& token = tokens_[top.token];
    token.value_size = at_[-1] + 1 - token.value;
    token.span = static_cast<uint32_t>(next_ - tokens_) - top.token;
    if (top.object && top.members > kFewMembers) look_for_twins(top);
    return true;
  }

  // The string that begins at `at` ends at the last quote before the next structural character:
  // between them can only be blanks.
  uint32_t closing_quote(uint32_t at, uint32_t next) const {
    uint32_t close = next - 1;
    while (close > at && text_[close] != '"') --close;
    return close;
  }

  bool string(uint32_t at, uint32_t close, bool& escaped) const {
    if (close <= at) return false;
    if (plain_) return true;
    const char* end = text_ + close;
    const char* found = find_backslash(text_ + at + 1, end);
    escaped = found != end;
    return !escaped || valid_escapes(found, end);
  }

  std::string_view decoded_key(const Token& token, std::string& scratch) const {
    std::string_view raw{text_ + token.key, token.key_size};
    if (!token.has(Token::kKeyEscaped)) return raw;
    scratch.resize(raw.size());
    scratch.resize(static_cast<size_t>(decode_json(raw, scratch.data()) - scratch.data()));
    return scratch;
  }

  bool same_key(const Token& a, const Token& b) {
    if (!a.has(Token::kKeyEscaped) && !b.has(Token::kKeyEscaped)) {
      return a.key_size == b.key_size && std::memcmp(text_ + a.key, text_ + b.key, a.key_size) == 0;
    }
    std::string scratch;
    return decoded_key(a, owner_.key_scratch_) == decoded_key(b, scratch);
  }

  void look_for_twin(Open& top, const Token& token) {
    uint64_t bit;
    if (token.has(Token::kKeyEscaped)) {
      // An escaped key may equal a plain one: compare it with all, and all later ones with it.
      bit = ~uint64_t{0};
    } else {
      bit = uint64_t{1} << key_bit(text_ + token.key, token.key_size);
    }
    if ((top.seen & bit) != 0) {
      const auto count = static_cast<uint32_t>(next_ - tokens_);
      for (uint32_t i = top.token + 1; i < count; i += tokens_[i].span) {
        if (!tokens_[i].has(Token::kDuplicate) && same_key(tokens_[i], token)) cut(i);
      }
    }
    top.seen |= bit;
  }

  void look_for_twins(const Open& top) {
    auto& keys = owner_.keys_;
    keys.clear();
    const uint32_t end = top.token + tokens_[top.token].span;
    for (uint32_t i = top.token + 1; i < end; i += tokens_[i].span) {
      keys.emplace_back(std::hash<std::string_view>{}(decoded_key(tokens_[i], owner_.key_scratch_)),
                        i);
    }
    std::sort(keys.begin(), keys.end());
    for (size_t i = 0; i + 1 < keys.size(); ++i) {
      // Equal hashes stand together in document order; real collisions are compared and pass.
      for (size_t k = i + 1; k < keys.size() && keys[k].first == keys[i].first; ++k) {
        Token& earlier = tokens_[keys[i].second];
        if (!same_key(earlier, tokens_[keys[k].second])) continue;
        if (!earlier.has(Token::kDuplicate)) {
          stack_[depth_] = top;  // cut() marks the open containers, and this one is closed already
          ++depth_;
          cut(keys[i].second);
          --depth_;
        }
        break;
      }
    }
  }

  void cut(uint32_t token) {
    tokens_[token].flags |= Token::kCut | Token::kDuplicate;
    for (uint32_t i = 0; i < depth_; ++i) tokens_[stack_[i].token].flags |= Token::kHasCut;
    ++duplicates_;
  }

  JsonWalker& owner_;
  const char* text_;
  uint32_t size_;
  bool plain_;  // there is no backslash in all of the line
  const uint32_t* at_;
  const uint32_t* end_ = nullptr;
  Token* tokens_;
  Token* next_;
  uint32_t depth_ = 0;
  uint32_t duplicates_ = 0;
  bool too_deep_ = false;
  Open stack_[kMaxDepth];
};

JsonWalker::JsonWalker() = default;
JsonWalker::~JsonWalker() = default;

WalkOutcome JsonWalker::walk(std::string_view line, std::vector<Token>& tokens,
                             uint32_t& duplicate_keys) {
  if (!stage1_ || stage1_->capacity() < line.size()) {
    size_t capacity = std::bit_ceil(std::max<size_t>(line.size(), 4096));
    auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        capacity, kMaxDepth, stage1_);
    WAYBILL_CHECK(error == simdjson::SUCCESS, "out of memory");
  }
  simdjson::error_code error = stage1_->stage1(reinterpret_cast<const uint8_t*>(line.data()),
                                               line.size(), simdjson::stage1_mode::regular);
  if (error == simdjson::UTF8_ERROR) return WalkOutcome::kBadUtf8;
  if (error == simdjson::UNESCAPED_CHARS) return WalkOutcome::kRawControl;
  if (error != simdjson::SUCCESS) return WalkOutcome::kMalformed;
  const uint32_t count = stage1_->n_structural_indexes;
  if (count > room_) {
    room_ = std::bit_ceil(std::max<size_t>(count, 256));
    tokens_ = std::make_unique_for_overwrite<Token[]>(room_);
  }
  Walk walk(*this, line, tokens_.get());
  WalkOutcome outcome = walk.run(count);
  if (outcome == WalkOutcome::kObject) {
    tokens.insert(tokens.end(), walk.tokens().begin(), walk.tokens().end());
  }
  duplicate_keys = walk.duplicates();
  if (room_ > kKeptRoom) {
    tokens_.reset();
    room_ = 0;
  }
  return outcome;
}

}  // namespace waybill
