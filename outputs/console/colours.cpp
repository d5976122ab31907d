// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/colours.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace waybill::outputs::console {

namespace {

// Neighbours in the list differ much.
constexpr std::array<std::string_view, 12> kTraceColours = {
    "38;5;33", "38;5;172", "38;5;71",  "38;5;162", "38;5;37",  "38;5;136",
    "38;5;99", "38;5;64",  "38;5;205", "38;5;32",  "38;5;130", "38;5;104"};

}  // namespace

std::string_view level_colour(Level level) {
  switch (level) {
    case Level::kNone: return "";
    case Level::kDebug: return "2";
    case Level::kInfo: return "32";
    case Level::kWarn: return "33";
    case Level::kError: return "1;31";
    case Level::kFatal: return "1;37;41";
  }
  return "";
}

std::string_view trace_colour(std::string_view trace) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (char c : trace) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return kTraceColours[hash % kTraceColours.size()];
}

void append_colour(Buffer& out, bool colours, std::string_view code) {
  if (!colours || code.empty()) return;
  out.append("\x1b[");
  out.append(code);
  out.push_back('m');
}

bool wants_colours(Colour colour) {
  if (colour != Colour::kAuto) return colour == Colour::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  bool dumb = terminal != nullptr && std::strcmp(terminal, "dumb") == 0;
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0') && !dumb;
}

}  // namespace waybill::outputs::console
