// SPDX-License-Identifier: Apache-2.0
// Sources: where the text of a schema is that others refer to: built in, in a folder that stands
// for a URI, or a file. Never on the network.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace waybill::contract {

// URIs that begin with `uri` are files below `folder`.
struct Mapping {
  std::string uri;
  std::string folder;
};

// "URI=DIR", as a command line has it. Errors: no "=", no absolute URI, no such folder.
Result<Mapping> parse_mapping(std::string_view text);

class Sources {
 public:
  explicit Sources(std::vector<Mapping> mappings);

  // What a schema's own `$id` adds: its neighbours by URI are its neighbours on the disk.
  void add_beside(Mapping mapping) { beside_.push_back(std::move(mapping)); }

  struct Found {
    std::string text;
    std::string name;  // for errors: a path or a URI
  };
  // The document at an absolute URI without fragment. The Error says where was looked, and what to
  // do about it.
  Result<Found> find(std::string_view uri) const;

 private:
  std::vector<Mapping> mappings_;  // longest URI first
  std::vector<Mapping> beside_;
};

// A whole file. Errors: not there, not readable, larger than any schema.
Result<std::string> read_schema_file(const std::string& path);

// The text of a meta-schema of 2020-12 or draft-07; empty: there is none at that URI.
std::string_view meta_schema(std::string_view uri);
// The schema that a service's records are held to when it has none of its own.
std::string_view builtin_schema();

}  // namespace waybill::contract
