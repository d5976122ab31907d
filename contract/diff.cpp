// SPDX-License-Identifier: Apache-2.0
#include "contract/diff.h"

#include <algorithm>
#include <filesystem>

#include "contract/differ.h"
#include "contract/uri.h"

namespace waybill::contract {

namespace {

struct Source {
  std::string text, name, uri, folder;
};

Result<Source> source_of(const std::string& path) {
  auto text = read_schema_file(path);
  if (!text) return std::move(text).error();
  std::error_code code;
  auto absolute = std::filesystem::absolute(path, code).lexically_normal();
  return Source{std::move(*text), path, file_uri(absolute.string()),
                absolute.parent_path().string()};
}

// All that a schema refers to is read, too: a reference that leads nowhere is no difference.
Result<void> read_whole(DiffSide& side, const Source& source, const CompileOptions& options) {
  std::string path = source.folder.empty() ? "" : source.name;
  auto program = compile_text(source.text, source.name, path, options);
  if (!program) return std::move(program).error();
  return side.read(source.text, source.name, source.uri, source.folder);
}

Result<std::vector<Change>> diff(const Source& before, const Source& after,
                                 const CompileOptions& options) {
  DiffSide old_side(options, true), new_side(options, false);
  if (auto read = read_whole(old_side, before, options); !read) return std::move(read).error();
  if (auto read = read_whole(new_side, after, options); !read) return std::move(read).error();
  return Differ(old_side, new_side).run();
}

}  // namespace

std::string_view impact_name(Impact impact) {
  switch (impact) {
    case Impact::kBreaking: return "breaking";
    case Impact::kUnknown: return "unknown";
    case Impact::kCompatible: break;
  }
  return "compatible";
}

Result<std::vector<Change>> diff_schemas(const std::string& old_path, const std::string& new_path,
                                         const CompileOptions& options) {
  auto before = source_of(old_path);
  if (!before) return std::move(before).error();
  auto after = source_of(new_path);
  if (!after) return std::move(after).error();
  return diff(*before, *after, options);
}

Result<std::vector<Change>> diff_schema_texts(std::string old_text, std::string new_text,
                                              const CompileOptions& options) {
  return diff({std::move(old_text), "old", "urn:waybill:old", ""},
              {std::move(new_text), "new", "urn:waybill:new", ""}, options);
}

}  // namespace waybill::contract
