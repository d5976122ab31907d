# SPDX-License-Identifier: Apache-2.0
# waybill_embed(LIBRARY FOLDER): every file of FOLDER/data becomes part of waybill_LIBRARY, which
# gets it by FOLDER/data.h: the code gets what stands in the repository, and no copy of it. The
# namespace is that of the folder, waybill::a::b for a/b.
#
# The build runs this same file as a script (-DFOLDER= -DFILES= -DOUT=) to write the source.

if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "/" "::" namespace "waybill/${FOLDER}")
  string(REPLACE "|" ";" files "${FILES}")
  set(text "// Made from ${FOLDER}/data by cmake/embed.cmake.\n#include \"${FOLDER}/data.h\"\n\n")
  string(APPEND text "namespace ${namespace} {\n\n"
    "std::string_view embedded(std::string_view name) {\n")
  foreach(file ${files})
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" content)
    string(APPEND text "  if (name == \"${name}\") return R\"embedded(${content})embedded\";\n")
  endforeach()
  string(APPEND text "  return {};\n}\n\n}  // namespace ${namespace}\n")
  file(WRITE "${OUT}" "${text}")
  return()
endif()

function(waybill_embed library folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/data/*)
  string(REPLACE ";" "|" joined "${files}")
  string(REPLACE "/" "_" name "${folder}")
  set(out ${CMAKE_BINARY_DIR}/embedded/${name}.cpp)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} "-DFOLDER=${folder}" "-DFILES=${joined}" "-DOUT=${out}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(waybill_${library} PRIVATE ${out})
endfunction()
