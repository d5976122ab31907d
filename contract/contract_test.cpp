// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace waybill;
using namespace waybill::contract;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "contract_test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;

  const std::string& path() const { return path_; }
  void put(const std::string& name, std::string_view text) const {
    std::ofstream(path_ + "/" + name) << text;
  }

 private:
  std::string path_;
};

struct Made {
  std::shared_ptr<const Contract> contract;
  std::string faults;
};

// The config `text` stands in a file of the folder.
Made made(const Folder& folder, std::string_view text) {
  config::Diagnostics diagnostics;
  auto config = config::load(folder.path() + "/w.yaml", text, {"auto"}, diagnostics);
  REQUIRE(config.has_value());
  REQUIRE(config->schema.has_value());
  Made result;
  result.contract = Contract::make(*config->schema, diagnostics);
  for (const config::Fault& fault : diagnostics.faults()) {
    std::string line = fault.text();
    REQUIRE(line.starts_with(folder.path() + "/"));
    result.faults += line.substr(folder.path().size() + 1) + "\n";
  }
  return result;
}

}  // namespace

TEST_CASE("contract: which rule a service has") {
  Folder folder;
  folder.put("pay.json", R"({"type":"object"})");
  auto [contract, faults] = made(folder,
                                 "schema: {by_service: {pay: {file: pay.json, on_violation: drop}, "
                                 "poll: {on_violation: off}}}");
  CHECK(faults == "");
  REQUIRE(contract != nullptr);
  CHECK(contract->rule_of("pay").schema == folder.path() + "/pay.json");
  CHECK(contract->rule_of("pay").program != nullptr);
  CHECK(contract->rule_of("poll").program == nullptr);
  CHECK(contract->rule_of("web").schema == "builtin");
  CHECK(contract->has(OnViolation::kDrop));
  CHECK(!contract->has(OnViolation::kQuarantine));
}

TEST_CASE("contract: faults of schemas have their places, and the option's") {
  Folder folder;
  folder.put("bad.json", "{\n  \"type\": 1,\n  \"minimum\": \"x\"\n}");
  auto bad = made(folder, "schema: {by_service: {pay: {file: bad.json}}}");
  CHECK(bad.contract == nullptr);
  CHECK(bad.faults.find("bad.json:2:11: ") == 0);
  CHECK(bad.faults.find("\nbad.json:3:14: ") != std::string::npos);
  CHECK(bad.faults.find("\nw.yaml:1:29: schema.by_service.pay.file: ") != std::string::npos);
  auto absent = made(folder, "schema: {file: none.json}");
  CHECK(absent.contract == nullptr);
  CHECK(absent.faults.find("w.yaml:1:10: schema.file: ") == 0);
  CHECK(absent.faults.find("none.json") != std::string::npos);
}
