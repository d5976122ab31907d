// SPDX-License-Identifier: Apache-2.0
// RFC 8259 and RFC 3629 read off the page, as slowly and plainly as they stand there.
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  int deepest = 0;

  bool whole() {
    blanks();
    if (!value(0)) return false;
    blanks();
    return at_ == text_.size();
  }

 private:
  static constexpr int kTooDeepForUs = 4000;  // the stack of this reader

  int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  bool skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void blanks() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  bool digits() {
    size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }
  static bool is_hex(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  bool value(int depth) {
    switch (peek()) {
      case '{': return container(depth + 1, true);
      case '[': return container(depth + 1, false);
      case '"': return string();
      case 't': return skip("true");
      case 'f': return skip("false");
      case 'n': return skip("null");
      default: return number();
    }
  }

  bool container(int depth, bool object) {
    if (depth > kTooDeepForUs) return false;
    if (depth > deepest) deepest = depth;
    ++at_;
    blanks();
    if (skip(object ? "}" : "]")) return true;
    while (true) {
      blanks();
      if (object) {
        if (!string()) return false;
        blanks();
        if (!skip(":")) return false;
        blanks();
      }
      if (!value(depth)) return false;
      blanks();
      if (skip(object ? "}" : "]")) return true;
      if (!skip(",")) return false;
    }
  }

  bool string() {
    if (!skip("\"")) return false;
    while (peek() != '"') {
      int c = peek();
      if (c < 0x20) return false;  // the end of the text included
      ++at_;
      if (c != '\\') continue;
      int escape = peek();
      ++at_;
      if (escape == 'u') {
        for (int i = 0; i < 4; ++i, ++at_) {
          if (!is_hex(peek())) return false;
        }
      } else if (escape < 0 || std::string_view("\"\\/bfnrt").find(static_cast<char>(escape)) ==
                                   std::string_view::npos) {
        return false;
      }
    }
    ++at_;
    return true;
  }

  bool number() {
    skip("-");
    if (!skip("0") && !digits()) return false;
    if (skip(".") && !digits()) return false;
    if (skip("e") || skip("E")) {
      if (!skip("+")) skip("-");
      if (!digits()) return false;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool is_json(std::string_view text, int& depth) {
  Reader reader(text);
  bool valid = reader.whole() && is_utf8(text);
  depth = reader.deepest;
  return valid;
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t at) -> unsigned {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
    };
    unsigned lead = byte(i);
    size_t size = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
    if (size == 0) return false;
    unsigned point = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      if (byte(i + k) >> 6 != 2) return false;
      point = point << 6 | (byte(i + k) & 0x3F);
    }
    constexpr unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
      return false;
    }
    i += size;
  }
  return true;
}

}  // namespace waybill::fuzz
