// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli_pages.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "config/section.h"

namespace waybill::daemon {

namespace {

// Commands that are not there yet are named in the help alone.
bool is_shown(const CLI::App& app) { return app.get_group() != "Planned"; }

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> shown;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (is_shown(*sub)) shown.push_back(sub);
  }
  return shown;
}

// "--config", "-c": as they are typed, long ones first.
std::vector<std::string> flags_of(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.get_lnames()) flags.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flags.push_back("-" + name);
  return flags;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    if (!flags_of(*option).empty()) options.push_back(option);
  }
  return options;
}

// Calls `visit` with each command below `app`, and its path ("waybill schema check"), `app` first.
void for_each(const CLI::App& app, const std::string& path,
              const std::function<void(const CLI::App&, const std::string&)>& visit) {
  visit(app, path);
  for (const CLI::App* sub : commands_of(app)) for_each(*sub, path + " " + sub->get_name(), visit);
}

// What may follow a command: those below it, and its options.
std::string words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* sub : commands_of(app)) words.push_back(sub->get_name());
  for (const CLI::Option* option : options_of(app)) {
    for (std::string& flag : flags_of(*option)) words.push_back(std::move(flag));
  }
  return fmt::format("{}", fmt::join(words, " "));
}

// Options that take a value, which files complete.
std::string valued_of(const CLI::App& app) {
  std::set<std::string> flags;
  for_each(app, "", [&](const CLI::App& command, const std::string&) {
    for (const CLI::Option* option : options_of(command)) {
      if (option->get_expected_max() == 0) continue;
      for (std::string& flag : flags_of(*option)) flags.insert(std::move(flag));
    }
  });
  return fmt::format("{}", fmt::join(flags, "|"));
}

// The two shells share this: which command the words so far name, and what may follow it.
std::string cases_of(const CLI::App& app) {
  std::vector<std::string> paths;
  std::string follow;
  for_each(app, "waybill", [&](const CLI::App& command, const std::string& path) {
    if (path != "waybill") paths.push_back(fmt::format("\"{}\"", path));
    follow += fmt::format("    \"{}\") follow=\"{}\" ;;\n", path, words_of(command));
  });
  return fmt::format(
      "      {}) command=\"$command $word\" ;;\n"
      "      *\" --\") command=\"\"; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command\" in\n{}"
      "  esac\n",
      fmt::join(paths, "|"), follow);
}

std::string bash_script(const CLI::App& app) {
  return "# bash completion for waybill(1)\n"
         "_waybill() {\n"
         "  local command=waybill follow=\"\" word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$command $word\" in\n" +
         cases_of(app) + "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n    " + valued_of(app) +
         ") return ;;\n  esac\n" +
         "  if [[ ${COMP_WORDS[COMP_CWORD]} == -* || $follow != -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$follow\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _waybill waybill\n";
}

std::string zsh_script(const CLI::App& app) {
  return "#compdef waybill\n"
         "_waybill() {\n"
         "  local command=waybill follow=\"\" word\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    case \"$command $word\" in\n" +
         cases_of(app) + "  case \"${words[CURRENT-1]}\" in\n    " + valued_of(app) +
         ") _files; return ;;\n  esac\n" +
         "  [[ ${words[CURRENT]} == -* || $follow != -* ]] && compadd -- ${=follow}\n"
         "  _files\n"
         "}\n"
         "if [[ ${funcstack[1]} == _waybill ]]; then _waybill; else compdef _waybill waybill; fi\n";
}

// fish's single quotes know these two escapes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string fish_script(const CLI::App& app) {
  std::string out = "# fish completion for waybill(1)\n";
  for_each(app, "", [&](const CLI::App& command, const std::string& path) {
    std::string seen = path.empty() ? "__fish_use_subcommand" : "";
    for (size_t at = 1; at < path.size();) {
      size_t end = std::min(path.find(' ', at), path.size());
      seen += fmt::format("{}__fish_seen_subcommand_from {}", seen.empty() ? "" : "; and ",
                          path.substr(at, end - at));
      at = end + 1;
    }
    for (const CLI::App* sub : commands_of(command)) {
      out += fmt::format("complete -c waybill -n '{}' -a {} -d {}\n", seen, sub->get_name(),
                         fish_quoted(sub->get_description()));
    }
    for (const CLI::Option* option : options_of(command)) {
      std::string names;
      for (const std::string& name : option->get_lnames()) names += " -l " + name;
      for (const std::string& name : option->get_snames()) names += " -s " + name;
      out += fmt::format("complete -c waybill -n '{}'{}{} -d {}\n", seen, names,
                         option->get_expected_max() > 0 ? " -r" : "",
                         fish_quoted(option->get_description()));
    }
  });
  return out;
}

// ---- the man page ----

// A text in a line of man(7): no escape, no request, and '-' as what is typed.
std::string roff(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool begins = i == 0 || text[i - 1] == '\n';
    if (begins && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    out += text[i] == '\\' ? "\\e" : text[i] == '-' ? "\\-" : std::string(1, text[i]);
  }
  return out;
}

std::string roff_options(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : options_of(app)) {
    std::string value = option->get_expected_max() > 0 ? " \\fIVALUE\\fR" : "";
    out += fmt::format(".TP\n\\fB{}\\fR{}\n{}\n",
                       roff(fmt::format("{}", fmt::join(flags_of(*option), ", "))), value,
                       roff(option->get_description()));
  }
  return out;
}

// Footers are laid out by hand.
std::string roff_footer(const CLI::App& app) {
  std::string footer = app.get_footer();
  return footer.empty() ? "" : fmt::format(".PP\n.nf\n{}\n.fi\n", roff(footer));
}

}  // namespace

const CLI::App& chosen(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::string path_before(const CLI::App& command) {
  std::string path;
  for (const CLI::App* above = command.get_parent(); above != nullptr;) {
    path = above->get_name() + (path.empty() ? "" : " ") + path;
    above = above->get_parent();
  }
  return path;
}

std::string left_over(const CLI::App& app) {
  std::vector<std::string> words = app.remaining(true);
  const CLI::App& command = chosen(app);
  if (&command != &app) {
    const char* hint = command.get_name() == "explain" ? " (put the line in quotes)" : "";
    return fmt::format("{} takes no '{}'{}", command.get_name(), fmt::join(words, "', '"), hint);
  }
  std::vector<std::string> names;
  for (const CLI::App* sub : commands_of(app)) names.push_back(sub->get_name());
  std::string close = config::suggestion(words.front(), names);
  return fmt::format("there is no command or option '{}'{}", words.front(),
                     close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close));
}

std::string completion_script(const CLI::App& app, std::string_view shell) {
  return shell == "bash" ? bash_script(app) : shell == "zsh" ? zsh_script(app) : fish_script(app);
}

std::string man_page(const CLI::App& app) {
  std::string out = fmt::format(
      ".TH WAYBILL 1 \"\" \"waybill {}\" \"User Commands\"\n"
      ".SH NAME\nwaybill \\- gives every log line an identity and a lineage\n"
      ".SH SYNOPSIS\n\\fBwaybill\\fR [\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n{}\n.SH OPTIONS\n{}",
      WAYBILL_VERSION, roff(app.get_description()), roff_options(app));
  out += roff_footer(app) + ".SH COMMANDS\n";
  for_each(app, "waybill", [&](const CLI::App& command, const std::string& path) {
    if (path == "waybill" || !commands_of(command).empty()) return;
    out += fmt::format(".SS \"{}\"\n{}.\n{}{}", roff(path), roff(command.get_description()),
                       roff_options(command), roff_footer(command));
  });
  out +=
      ".SH EXIT STATUS\n"
      "Of a run, 0: all that was read is delivered. 1: it could not start. 3: something was left\n"
      "undelivered.\n"
      ".B waybill exec\nexits with the status of its command. Of the others, 0: all is well. 1:\n"
      "it is not, as they say. Of all, 2: wrong usage, or faults in the config.\n"
      ".SH ENVIRONMENT\n"
      ".TP\n.B WAYBILL_TO\ntargets, as of \\fB\\-\\-to\\fR\n"
      ".TP\n.B OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_*\n"
      "as of OpenTelemetry's programs\n"
      ".TP\n.B STATE_DIRECTORY\nthe state directory, as systemd says it\n"
      ".SH FILES\n"
      ".TP\n.I /etc/waybill/waybill.yaml\nthe config of the service\n"
      ".TP\n.I /var/lib/waybill\nits state: checkpoints, spools, dead letters, admin socket\n";
  return out;
}

}  // namespace waybill::daemon
