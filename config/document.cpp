// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <vector>

#include "config/syntax_fault.h"
#include "config/tree_builder.h"
#include "config/utf8.h"

namespace waybill::config {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The text as yaml-cpp wants it, and places in it. Lines end in "\n" only.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      text.remove_prefix(kByteOrderMark.size());
    }
    text_.reserve(text.size() + 1);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\r') {
        text_.push_back(text[i]);
      } else if (i + 1 == text.size() || text[i + 1] != '\n') {
        text_.push_back('\n');
      }
    }
    starts_.push_back(0);
    for (size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\n') starts_.push_back(i + 1);
    }
  }

  const std::string& text() const { return text_; }

  // From a line's number (from 0) and a byte within it (from 0); both may lie behind the end.
  size_t offset(int line, int byte) const {
    if (line < 0 || byte < 0) return 0;
    size_t start = static_cast<size_t>(line) < starts_.size() ? starts_[static_cast<size_t>(line)]
                                                              : text_.size();
    return std::min(start + static_cast<size_t>(byte), text_.size());
  }

  std::string_view line_at(size_t offset) const {
    size_t start = starts_[index_of(offset)];
    return std::string_view(text_).substr(start, text_.find('\n', start) - start);
  }

  Position position(size_t offset) {
    size_t index = index_of(offset);
    // Counts on from the last place of the line: a whole config may stand on one.
    if (last_offset_ < starts_[index] || last_offset_ > offset) {
      last_offset_ = starts_[index];
      last_column_ = 1;
    }
    last_column_ +=
        count_characters(std::string_view(text_).substr(last_offset_, offset - last_offset_));
    last_offset_ = offset;
    return {static_cast<int>(index + 1), static_cast<int>(last_column_)};
  }

 private:
  size_t index_of(size_t offset) const {
    auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return static_cast<size_t>(after - starts_.begin()) - 1;
  }

  std::string text_;
  std::vector<size_t> starts_;
  size_t last_offset_ = 0;
  size_t last_column_ = 1;
};

// Only tells where the document begins.
class SecondDocument : public TreeBuilder {
 public:
  SecondDocument()
      : TreeBuilder([](const YAML::Mark&) { return Position(); },
                    [](const YAML::Mark&) { return std::string_view(); },
                    [](Position, const std::string&) {}) {}
  void OnDocumentStart(const YAML::Mark& at) override { mark = at; }
  YAML::Mark mark;
};

class Loader {
 public:
  Loader(const DocumentSource& source, Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics), lines_(source.text) {}

  std::shared_ptr<const Document> load() {
    if (!is_text()) return nullptr;
    auto document = std::make_shared<Document>();
    document->file = source_.file;
    bool whole = parse(document->root);
    // A syntax error ends the list: what stands before it has been reported, the rest is unknown.
    if (!whole || !is_mapping(document->root)) return nullptr;
    if (source_.environment != nullptr) {
      auto fault = [this](Position position, std::string message) {
        report(position, std::move(message));
      };
      expand_tree(document->root, *source_.environment, fault);
    }
    return document;
  }

 private:
  void report(Position position, std::string message) {
    diagnostics_.add(
        {source_.file, source_.has_positions ? position : Position(), std::move(message)});
  }

  // yaml-cpp takes U+0004 for the end and guesses encodings from NULs, so it gets neither.
  bool is_text() {
    const std::string& text = lines_.text();
    if (source_.text.substr(0, 2) == "\xFF\xFE" || source_.text.substr(0, 2) == "\xFE\xFF") {
      report({1, 1}, "UTF-16 text (save it as UTF-8)");
      return false;
    }
    if (size_t bad = find_bad_utf8(text); bad != std::string::npos) {
      report(lines_.position(bad), fmt::format("byte 0x{:02X} is not UTF-8 (save it as UTF-8)",
                                               static_cast<unsigned char>(text[bad])));
      return false;
    }
    for (size_t i = 0; i < text.size(); ++i) {
      auto byte = static_cast<unsigned char>(text[i]);
      if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
        report(lines_.position(i),
               fmt::format("control character 0x{:02X}: is this a text file? (in \"…\" write it "
                           "as \"\\x{:02x}\")",
                           byte, byte));
        return false;
      }
    }
    return true;
  }

  bool parse(Node& root) {
    auto offset = [this](const YAML::Mark& mark) { return lines_.offset(mark.line, mark.column); };
    TreeBuilder builder(
        [&](const YAML::Mark& mark) {
          return source_.has_positions ? lines_.position(offset(mark)) : Position();
        },
        [&](const YAML::Mark& mark) {
          return std::string_view(lines_.text()).substr(offset(mark));
        },
        [this](Position position, std::string message) { report(position, std::move(message)); });
    try {
      std::istringstream stream(lines_.text());
      YAML::Parser parser(stream);
      if (!parser.HandleNextDocument(builder)) return true;
      root = builder.take_root();
      SecondDocument second;
      if (parser.HandleNextDocument(second)) {
        report(lines_.position(offset(second.mark)),
               "a second document (a file holds one config: remove '---' and what follows)");
      }
      return true;
    } catch (const YAML::Exception& error) {
      // Too deep for yaml-cpp is too deep for us, and has been reported.
      if (!builder.is_too_deep()) report_syntax(error.msg, offset(error.mark), builder);
      return false;
    } catch (const std::exception& error) {
      report({}, fmt::format("cannot be read as YAML: {}", error.what()));
      return false;
    }
  }

  void report_syntax(std::string_view what, size_t at, const TreeBuilder& builder) {
    SyntaxPlace place;
    place.line = lines_.line_at(at);
    place.offset = at - static_cast<size_t>(place.line.data() - lines_.text().data());
    if (source_.has_positions) {
      place.line_number = lines_.position(at).line;
      place.opened_at_line = builder.innermost_open().line;
    }
    report(lines_.position(at), syntax_fault(what, place));
  }

  bool is_mapping(Node& root) {
    if (root.kind == NodeKind::kEmpty || root.kind == NodeKind::kNull) {
      root.kind = NodeKind::kMapping;
    }
    if (root.kind == NodeKind::kMapping) return true;
    if (root.kind != NodeKind::kRefused) {
      report(root.position, std::string(source_.wanted));
    }
    return false;
  }

  const DocumentSource& source_;
  Diagnostics& diagnostics_;
  Lines lines_;
};

}  // namespace

std::shared_ptr<const Document> load_document(const DocumentSource& source,
                                              Diagnostics& diagnostics) {
  if (source.text.size() > kMaxDocumentBytes) {
    diagnostics.add(
        {source.file, {}, fmt::format("{} bytes: a config has at most 1 MiB", source.text.size())});
    return nullptr;
  }
  return Loader(source, diagnostics).load();
}

}  // namespace waybill::config
