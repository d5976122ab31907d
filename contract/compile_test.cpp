// SPDX-License-Identifier: Apache-2.0
#include "contract/compile.h"

#include <filesystem>
#include <fstream>

#include "contract/test_schemas.h"

using namespace waybill::contract;
using namespace waybill::contract::testing;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "waybill-contract-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string put(const std::string& name, std::string_view text) const {
    auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool holds(const std::string& text, std::string_view part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("compile: every fault has its place and says what to do") {
  struct {
    const char* schema;
    const char* said;
  } cases[] = {
      {"{\n \"type\": \"strng\"}", "test.json:2:10: \"strng\" is no type"},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "is not supported"},
      {R"({"$schema":"https://json-schema.org/draft/2019-09/schema"})", "is not supported"},
      {R"({"$schema":"draft-7"})", "no draft that is known"},
      {R"({"$schema":"https://nobody.example/meta"})", "leads nowhere"},
      {R"({"properties":{"a":{"minLength":"1"}}})", "(at #/properties/a/minLength)"},
      {R"({"minLength":-1})", "minLength must be an integer, 0 or more"},
      {R"({"maxItems":1.5})", "maxItems must be an integer, 0 or more"},
      {R"({"minimum":"1"})", "minimum must be a number"},
      {R"({"multipleOf":0})", "greater than zero"},
      {R"({"required":"a"})", "required must be an array of strings"},
      {R"({"required":[1]})", "required must be an array of strings"},
      {R"({"properties":[]})", "properties must be an object"},
      {R"({"properties":{"a":1}})", "a schema must be an object, true or false"},
      {R"({"allOf":{}})", "allOf must be an array of at least one schema"},
      {R"({"anyOf":[]})", "anyOf must be an array of at least one schema"},
      {R"({"enum":1})", "enum must be an array"},
      {R"({"items":[{}]})", ""},
      {R"({"$defs":{},"items":[{}]})", "a list of them is prefixItems"},
      {R"({"uniqueItems":1})", "uniqueItems must be true or false"},
      {"{\"pattern\":\"a(?=b)\"}",
       "the pattern a(?=b) has the look-ahead (?=, which cannot be matched"},
      {R"({"pattern":"("})", "no regular expression of ECMA-262"},
      {R"({"patternProperties":{"[":{}}})", "(at #/patternProperties/[)"},
      {R"({"$ref":1})", "$ref must be a string"},
      {R"({"$ref":"#/$defs/x"})", "\"#/$defs/x\" leads nowhere: test.json has no #/$defs/x"},
      {R"({"$ref":"#x"})", "\"#x\" leads nowhere"},
      {R"({"$ref":"other.json"})", "leads nowhere"},
      {R"({"$ref":"https://example.com/x"})", "nothing is fetched from the network"},
      {R"({"$ref":"#%zz"})", "percent sign"},
      {R"({"$ref":"#"})", "a reference cycle that never ends"},
      {R"({"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}},
           "items":{"$ref":"#/$defs/a"}})",
       "#/$defs/a → #/$defs/a/allOf/0 → #/$defs/b → #/$defs/b/anyOf/0 → #/$defs/a"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})",
       "the anchor \"x\" is there already"},
      {R"({"$defs":{"a":{"$id":"urn:x"},"b":{"$id":"urn:x"}}})", "$id urn:x is given twice"},
      {R"({"$defs":{"a":{"$anchor":"1"}}})", "is no name of an anchor"},
      {R"({"$defs":{"a":{"$id":"urn:x#y"}}})", "$id must have no fragment"},
      {"[1]", "a schema must be an object"},
      {"{\"a\":1,}", "test.json:1:8: not JSON"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.schema);
    if (*one.said == '\0') {
      compiled(one.schema);
    } else {
      holds(fault_of(one.schema), one.said);
    }
  }
}

TEST_CASE("compile: references inside the document") {
  check({
      {R"({"properties":{"a":{"$ref":"#"}},"additionalProperties":false})",
       {R"({"a":{"a":{}}})"},
       {R"({"a":{"b":1}})"}},
      {R"({"$defs":{"a/b":{"$anchor":"here","type":"integer"},"c%d":{"$ref":"#here"}},
           "prefixItems":[{"$ref":"#/$defs/a~1b"},{"$ref":"#/$defs/c%25d"}]})",
       {"[1,2]"},
       {"[\"\",1]", "[1,\"\"]"}},
      {R"({"$id":"http://x.example/root.json","$defs":{"a":{"$id":"sub/a.json","$defs":{
           "i":{"$id":"i.json","type":"integer"}},"items":{"$ref":"i.json"}}},
           "$ref":"sub/a.json"})",
       {"[1]"},
       {"[\"\"]"}},
      // Beside $ref draft-07 knows nothing, and 2020-12 all.
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"s":{"type":"string"}},
           "items":{"$ref":"#/definitions/s","maxLength":1}})",
       {"[\"ab\"]"},
       {"[1]"}},
      {R"({"$defs":{"s":{"type":"string"}},"items":{"$ref":"#/$defs/s","maxLength":1}})",
       {"[\"a\"]"},
       {"[1]", "[\"ab\"]"}},
      // A name in $id is draft-07's anchor.
      {R"({"$schema":"http://json-schema.org/draft-07/schema#",
           "definitions":{"a":{"$id":"#n","type":"null"}},"$ref":"#n"})",
       {"null"},
       {"1"}},
      // What an enum holds is no schema.
      {R"({"$defs":{"a":{"enum":[{"$anchor":"x"}]},"b":{"$anchor":"x","type":"null"}},
           "$ref":"#x"})",
       {"null"},
       {"1"}},
      // Without $schema, draft-07 by what it has; not where an outer schema says its draft.
      {R"({"definitions":{"a":{}},"items":{"$ref":"#/definitions/a","type":"null"}})", {"[1]"}, {}},
      {R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
           "definitions":{"a":{}},"items":{"$ref":"#/definitions/a","type":"null"}})",
       {"[null]"},
       {"[1]"}},
      {R"({"items":[{"type":"null"}]})", {"[null,1]"}, {"[1]"}},
      {R"({"dependentRequired":{"a":["b"]}})", {"{}"}, {R"({"a":1})"}},
  });
}

TEST_CASE("compile: dynamic references") {
  check({
      {R"({"$id":"https://x.example/strict","$dynamicAnchor":"node","$ref":"tree",
           "unevaluatedProperties":false,
           "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node",
             "properties":{"data":true,"children":{"items":{"$dynamicRef":"#node"}}}}}})",
       {R"({"children":[{"data":1}]})"},
       {R"({"children":[{"daat":1}]})"}},
      // Without a dynamic anchor where it leads to, it is as $ref.
      {R"({"$id":"https://x.example/root","$ref":"list","$defs":{
           "n":{"$dynamicAnchor":"n","type":"string"},
           "list":{"$id":"list","items":{"$dynamicRef":"#n"},"$defs":{"n":{"$anchor":"n"}}}}})",
       {"[1]"},
       {}},
  });
}

TEST_CASE("compile: files beside the schema, and folders that stand for a URI") {
  Folder folder;
  folder.put("types/int.json", R"({"type":"integer"})");
  folder.put("far/deep/str.json", R"({"$ref":"other.json#/$defs/s"})");
  folder.put("far/deep/other.json", R"({"$defs":{"s":{"type":"string"}}})");
  std::string root = folder.put("a.json", R"({"prefixItems":[{"$ref":"types/int.json"},
    {"$ref":"https://far.example/deep/str.json"}]})");
  CompileOptions options;
  auto failed = compile_file(root, options);
  REQUIRE(!failed.has_value());
  holds(failed.error().what, "map it to a folder");
  auto mapping = parse_mapping("https://far.example=" + folder.path() + "/far");
  REQUIRE(mapping.has_value());
  options.mappings.push_back(*mapping);
  auto program = compile_file(root, options);
  REQUIRE(program.has_value());
  CHECK(is_valid(**program, R"([1,"a"])"));
  CHECK(!is_valid(**program, R"(["a"])"));
  CHECK(!is_valid(**program, R"([1,2])"));

  // By its $id a schema's neighbours have URIs as well.
  std::string named = folder.put("b.json", R"({"$id":"https://own.example/s/b.json",
    "$ref":"types/int.json"})");
  auto beside = compile_file(named, {});
  REQUIRE(beside.has_value());
  CHECK(!is_valid(**beside, "\"a\""));

  std::string out = folder.put("c.json", R"({"$ref":"https://far.example/%2e%2e/a.json"})");
  auto left = compile_file(out, options);
  REQUIRE(!left.has_value());
  holds(left.error().what, "names no file below");
  std::string broken = folder.put("d.json", R"({"$ref":"e.json"})");
  folder.put("e.json", "{\n  \"type\": }");
  auto unread = compile_file(broken, options);
  REQUIRE(!unread.has_value());
  holds(unread.error().what, "e.json:2:11: not JSON");

  CHECK(!parse_mapping("nothing").has_value());
  CHECK(!parse_mapping("no-uri=/").has_value());
  CHECK(!parse_mapping("https://x=/no/such/folder").has_value());
  CHECK(!compile_file(folder.path() + "/none.json", {}).has_value());
}

TEST_CASE("compile: a meta-schema of one's own says which keywords count") {
  Folder folder;
  folder.put("meta.json", R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
    "$id":"https://m.example/meta.json","$vocabulary":{
      "https://json-schema.org/draft/2020-12/vocab/core":true,
      "https://json-schema.org/draft/2020-12/vocab/applicator":true,
      "https://json-schema.org/draft/2020-12/vocab/format-assertion":false,
      "https://m.example/vocab/more":false}})");
  folder.put("strict.json", R"({"$schema":"https://json-schema.org/draft/2020-12/schema",
    "$vocabulary":{"https://m.example/vocab/more":true}})");
  CompileOptions options;
  options.mappings.push_back({"https://m.example", folder.path()});
  check({{R"({"$schema":"https://m.example/meta.json","properties":{"a":{"minimum":3}},
              "items":{"format":"ipv4"}})",
          {R"({"a":1})", R"(["1.2.3.4"])"},
          {R"(["x"])"}}},
        options);
  holds(fault_of(R"({"$schema":"https://m.example/strict.json"})", options),
        "wants the vocabulary https://m.example/vocab/more");
}

TEST_CASE("compile: a schema is held to its meta-schema") {
  Folder folder;
  CHECK(check_schema(folder.put("a.json", R"({"type":"string"})"), {}).empty());
  CHECK(check_schema(folder.put("b.json", builtin_schema()), {}).empty());
  auto faults = check_schema(
      folder.put("c.json", "{\"minLength\":-1,\n\"properties\":{\"a\":{\"type\":\"strng\"}}}"), {});
  REQUIRE(faults.size() == 2);
  holds(faults[0], "c.json:1:14: ");
  holds(faults[0], "(at #/minLength)");
  holds(faults[1], "(at #/properties/a/type)");
  // What nothing refers to is looked at as well.
  faults = check_schema(folder.put("d.json", R"({"$defs":{"a":{"$ref":"#/no"}}})"), {});
  REQUIRE(faults.size() == 1);
  holds(faults[0], "leads nowhere");
  faults =
      check_schema(folder.put("e.json", R"({"$schema":"http://json-schema.org/draft-07/schema#",
                               "required":"a"})"),
                   {});
  REQUIRE(faults.size() == 1);
  holds(faults[0], "(at #/required)");
}

TEST_CASE("compile: each part of a schema is held to the meta-schema that it names") {
  Folder folder;
  auto faults = check_schema(folder.put("a.json", R"({"$defs":{
    "old":{"$id":"urn:old","$schema":"http://json-schema.org/draft-07/schema#",
      "items":[{"type":"strng"}],"dependencies":{"a":1}},
    "new":{"prefixItems":{}}}})"),
                             {});
  REQUIRE(faults.size() == 4);
  holds(faults[0], "(at #/$defs/new/prefixItems)");
  holds(faults[1], "(at #/$defs/old/items)");
  holds(faults[2], "(at #/$defs/old/dependencies/a)");
  holds(faults[3], "(at #/$defs/old/items/0/type)");
  // One of somebody's own, which is written in the language that it describes.
  std::string meta = folder.put("meta.json", R"({"$id":"https://m.example/meta.json",
    "$schema":"https://m.example/meta.json","type":["object","boolean"],
    "properties":{"x-owner":{"type":"string"}},
    "$vocabulary":{"https://json-schema.org/draft/2020-12/vocab/core":true,
                   "https://json-schema.org/draft/2020-12/vocab/applicator":true,
                   "https://json-schema.org/draft/2020-12/vocab/validation":true}})");
  CompileOptions options;
  options.mappings.push_back({"https://m.example", folder.path()});
  CHECK(check_schema(meta, options) == std::vector<std::string>{});
  faults = check_schema(
      folder.put("b.json", R"({"$schema":"https://m.example/meta.json","x-owner":1})"), options);
  REQUIRE(faults.size() == 1);
  holds(faults[0], "(at #/x-owner)");
}

TEST_CASE("compile: an $id is of one schema only") {
  Folder folder;
  folder.put("b.json", R"({"$id":"https://e.example/x","type":"string"})");
  std::string path = folder.put("a.json", R"({"$defs":{"x":{"$id":"https://e.example/x"}},
    "$ref":"b.json"})");
  auto program = compile_file(path, {});
  REQUIRE(!program.has_value());
  holds(program.error().what, "b.json:1:");
  holds(program.error().what, "$id https://e.example/x is that of ");
  holds(program.error().what, "a.json as well");
}

TEST_CASE("compile: a dynamic reference to where it stands never ends") {
  holds(fault_of(R"({"$dynamicAnchor":"n","$dynamicRef":"#n"})"), "a reference cycle");
}

TEST_CASE("compile: as deep as a value may be, and no deeper") {
  auto nested = [](int levels) {
    std::string text = "true";
    for (int i = 0; i < levels; ++i) text = R"({"not":)" + text + "}";
    return text;
  };
  Folder folder;
  CHECK(check_schema(folder.put("a.json", nested(127)), {}).empty());
  auto faults = check_schema(folder.put("b.json", nested(128)), {});
  REQUIRE(faults.size() == 1);
  holds(faults[0], "nested deeper than 127 levels");
  CHECK(check_schema(folder.put("c.json", "\xEF\xBB\xBF{}"), {}).empty());
}

TEST_CASE("compile: ten thousand definitions take no time") {
  std::string defs, refs;
  for (int i = 0; i < 10'000; ++i) {
    std::string number = std::to_string(i);
    defs += (i == 0 ? "\"d" : ",\"d") + number + R"(":{"$dynamicAnchor":"a)" + number + "\"}";
    refs += (i == 0 ? R"({"$ref":"#/$defs/d)" : R"(,{"$ref":"#/$defs/d)") + number +
            R"("},{"$dynamicRef":"#a)" + number + "\"}";
  }
  auto program = compiled(R"({"$defs":{)" + defs + R"(},"allOf":[)" + refs + "]}");
  CHECK(program->dynamic_anchors.size() == 10'000);
  CHECK(is_valid(*program, "1"));
}

TEST_CASE("compile: a URN's steps are folders") {
  Folder folder;
  folder.put("money.schema.json", R"({"type":"integer"})");
  CompileOptions options;
  options.mappings.push_back({"urn:example:pay", folder.path()});
  check({{R"({"$ref":"urn:example:pay:money"})", {"1"}, {"\"x\""}}}, options);
  holds(fault_of(R"({"$ref":"urn:example:payment"})", options), "neither built in nor in a folder");
}

TEST_CASE("compile: the built-in schema") {
  CompileOptions options;
  options.assert_formats = true;
  auto program = compiled(builtin_schema(), options);
  CHECK(is_valid(*program, R"({"timestamp":"2024-05-01T10:00:00.000Z","level":"INFO",
    "service_name":"pay","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","context":{}})"));
  CHECK(!is_valid(*program, R"({"timestamp":"2024-05-01T10:00:00+02:00","level":"INFO",
    "service_name":"pay"})"));
  CHECK(!is_valid(*program, R"({"timestamp":"2024-05-01T10:00:00Z","level":"info",
    "service_name":"pay"})"));
  CHECK(!is_valid(*program, R"({"timestamp":"2024-05-01T10:00:00Z","level":"INFO",
    "service_name":"pay","span_id":"0000000000000000"})"));
}

TEST_CASE("compile: the meta-schemas are valid by themselves") {
  for (const char* uri :
       {"http://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2020-12/schema"}) {
    CAPTURE(uri);
    auto program = compiled(meta_schema(uri));
    CHECK(is_valid(*program, meta_schema(uri)));
    CHECK(!is_valid(*program, R"({"properties":{"a":{"items":{"minItems":-1}}}})"));
  }
}
