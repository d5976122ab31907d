// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/source.h"

#include <array>

namespace waybill::parsers {

bool is_source_ending(std::string_view ending) {
  constexpr std::array<std::string_view, 80> endings = {
      "go",     "py",   "pyx",  "java", "kt",    "kts", "scala",  "sc",  "groovy", "clj",
      "cljs",   "js",   "mjs",  "cjs",  "jsx",   "ts",  "mts",    "cts", "tsx",    "vue",
      "svelte", "rs",   "c",    "cc",   "cpp",   "cxx", "c++",    "h",   "hh",     "hpp",
      "hxx",    "inl",  "inc",  "ipp",  "tcc",   "cu",  "cuh",    "m",   "mm",     "swift",
      "rb",     "erb",  "rake", "php",  "phtml", "cs",  "cshtml", "fs",  "fsx",    "vb",
      "lua",    "pl",   "pm",   "t",    "ex",    "exs", "erl",    "hrl", "hs",     "ml",
      "mli",    "dart", "zig",  "nim",  "d",     "r",   "R",      "jl",  "sh",     "bash",
      "ps1",    "psm1", "sql",  "y",    "l",     "v",   "sv",     "cr",  "elm",    "coffee"};
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

bool is_source(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == text.npos || !all_digits(text.substr(colon + 1))) return false;
  std::string_view file = text.substr(0, colon);
  size_t dot = file.rfind('.');
  return dot != file.npos && dot > 0 && is_source_ending(file.substr(dot + 1)) &&
         std::none_of(text.begin(), text.end(), is_blank);
}

}  // namespace waybill::parsers
