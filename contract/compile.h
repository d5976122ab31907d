// SPDX-License-Identifier: Apache-2.0
// From a schema's text to a Program.
//
// Everything wrong with a schema is found here, never when a record is judged: unknown drafts,
// wrong types of keywords' values, invalid patterns, double names, references that lead nowhere or
// that come back to themselves without end. Each is an Error "FILE:LINE:COLUMN: what (at
// #POINTER)".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contract/program.h"
#include "contract/sources.h"
#include "core/result.h"

namespace waybill::contract {

struct CompileOptions {
  std::vector<Mapping> mappings;
  bool assert_formats = false;
  // Compiles what nothing refers to as well, to find what is wrong there.
  bool whole = false;
};

using SharedProgram = std::shared_ptr<const Program>;

// Without `$schema` a schema is one of draft 2020-12. References to relative URIs are files beside
// the schema's own.
Result<SharedProgram> compile_file(const std::string& path, const CompileOptions& options);
// `name` is what errors call it. `path`: of the file that it stands for; empty: it has none, and so
// no files beside it.
Result<SharedProgram> compile_text(std::string text, const std::string& name,
                                   const std::string& path, const CompileOptions& options);

// A schema held to its meta-schema, then compiled as a whole: the faults that the meta-schema finds
// (16 at most, in the order of the file), then those of the compiler (as many), as one Error's
// words each; empty: it is right. What makes the text unreadable as a schema (its syntax, $schema,
// $id, double anchors) ends the list at once.
std::vector<std::string> check_schema(const std::string& path, const CompileOptions& options);

}  // namespace waybill::contract
