// SPDX-License-Identifier: Apache-2.0
#include "contract/uri.h"

#include <fmt/format.h>

#include "core/ascii.h"
#include "core/percent.h"

namespace waybill::contract {

namespace {

struct Parts {
  std::optional<std::string_view> scheme, authority, query, fragment;
  std::string_view path;
};

Parts parse(std::string_view uri) {
  Parts parts;
  if (size_t hash = uri.find('#'); hash != uri.npos) {
    parts.fragment = uri.substr(hash + 1);
    uri = uri.substr(0, hash);
  }
  if (size_t query = uri.find('?'); query != uri.npos) {
    parts.query = uri.substr(query + 1);
    uri = uri.substr(0, query);
  }
  size_t at = 0;
  while (at < uri.size() &&
         (is_letter(uri[at]) ||
          (at > 0 && (is_digit(uri[at]) || uri[at] == '+' || uri[at] == '-' || uri[at] == '.')))) {
    ++at;
  }
  if (at > 0 && at < uri.size() && uri[at] == ':') {
    parts.scheme = uri.substr(0, at);
    uri.remove_prefix(at + 1);
  }
  if (uri.starts_with("//")) {
    size_t end = std::min(uri.find('/', 2), uri.size());
    parts.authority = uri.substr(2, end - 2);
    uri.remove_prefix(end);
  }
  parts.path = uri;
  return parts;
}

// RFC 3986, 5.2.4.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path.size() == 3 ? "/" : path.substr(3);
      out.resize(out.find_last_of('/') == out.npos ? 0 : out.find_last_of('/'));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      size_t end = std::min(path.find('/', 1), path.size());
      out += path.substr(0, end);
      path.remove_prefix(end);
    }
  }
  return out;
}

std::string merged(const Parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  size_t slash = base.path.rfind('/');
  if (slash == base.path.npos) return std::string(path);
  return std::string(base.path.substr(0, slash + 1)) + std::string(path);
}

}  // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
  Parts from = parse(base);
  Parts to = parse(reference);
  std::string path;
  if (to.scheme || to.authority) {
    // Opaque paths ("urn:…") have no steps.
    path = to.scheme && !to.path.starts_with('/') ? std::string(to.path) : without_dots(to.path);
  } else if (to.path.empty()) {
    path = from.path;
    if (!to.query) to.query = from.query;
  } else {
    path = without_dots(to.path.starts_with('/') ? std::string(to.path) : merged(from, to.path));
  }
  if (!to.scheme) {
    to.scheme = from.scheme;
    if (!to.authority) to.authority = from.authority;
  }
  std::string uri;
  if (to.scheme) uri += fmt::format("{}:", *to.scheme);
  if (to.authority) uri += fmt::format("//{}", *to.authority);
  uri += path;
  if (to.query) uri += fmt::format("?{}", *to.query);
  if (to.fragment) uri += fmt::format("#{}", *to.fragment);
  return uri;
}

bool is_absolute_uri(std::string_view uri) { return parse(uri).scheme.has_value(); }

SplitUri split_uri(std::string_view uri) {
  size_t hash = uri.find('#');
  if (hash == uri.npos) return {uri, std::nullopt};
  return {uri.substr(0, hash), uri.substr(hash + 1)};
}

std::string file_uri(std::string_view path) { return "file://" + percent_encoded(path, "/"); }

std::optional<std::string> path_of_uri(std::string_view uri) {
  if (!uri.starts_with("file:///")) return std::nullopt;
  return percent_decoded(uri.substr(7));
}

std::string name_of_step(std::string_view step) {
  std::string name;
  for (size_t i = 0; i < step.size(); ++i) {
    bool escape = step[i] == '~' && i + 1 < step.size();
    name += !escape ? step[i] : step[++i] == '1' ? '/' : '~';
  }
  return name;
}

}  // namespace waybill::contract
