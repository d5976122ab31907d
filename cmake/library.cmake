# SPDX-License-Identifier: Apache-2.0
# waybill_library(NAME [REGISTRY MACRO] [EXTRA FOLDER…] [SMALL REGEX] DEPENDS …): the folder NAME as
# the static library waybill_NAME. Its *_test.cpp files go to the unit-test binary instead (tests/).
#
# With REGISTRY, NAME/registry.inc lists the subfolders to compile, one "MACRO(folder)" a line: the
# code reads the same file, so there is one list. EXTRA names shared subfolders besides. What
# matches SMALL runs at the start or by a person's hand: a release has it small, not fast.

add_library(waybill_options INTERFACE)
target_include_directories(waybill_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(waybill_options INTERFACE WAYBILL_VERSION="${PROJECT_VERSION}")
target_link_libraries(waybill_options INTERFACE Threads::Threads)
target_compile_options(waybill_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(WAYBILL_SANITIZE)
  target_compile_options(waybill_options INTERFACE
    -fsanitize=${WAYBILL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(waybill_options INTERFACE -fsanitize=${WAYBILL_SANITIZE})
  if(WAYBILL_SANITIZE MATCHES thread)
    # ThreadSanitizer knows no fences; what crosses our threads does so under mutexes.
    target_compile_definitions(waybill_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

function(waybill_library name)
  cmake_parse_arguments(ARG "" "REGISTRY;SMALL" "EXTRA;DEPENDS" ${ARGN})
  set(folders ".")
  if(ARG_REGISTRY)
    set(registry ${CMAKE_SOURCE_DIR}/${name}/registry.inc)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${registry})
    file(STRINGS ${registry} lines REGEX "^${ARG_REGISTRY}\\(")
    foreach(line ${lines})
      string(REGEX REPLACE "^${ARG_REGISTRY}\\(([a-z0-9_]+)\\).*" "\\1" folder "${line}")
      if(NOT IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${name}/${folder})
        message(FATAL_ERROR "${name}/registry.inc names '${folder}', but there is no such folder")
      endif()
      list(APPEND folders ${folder})
    endforeach()
  endif()
  list(APPEND folders ${ARG_EXTRA})
  set(sources)
  foreach(folder ${folders})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  if(ARG_SMALL)
    set(small ${sources})
    list(FILTER small INCLUDE REGEX "/${name}/(./)?${ARG_SMALL}")
    set_property(SOURCE ${small} APPEND PROPERTY
      COMPILE_OPTIONS $<$<CONFIG:RelWithDebInfo>:-Os>)
  endif()
  add_library(waybill_${name} STATIC ${sources})
  target_link_libraries(waybill_${name} PUBLIC waybill_options ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY WAYBILL_TEST_SOURCES ${tests})
  set_property(GLOBAL APPEND PROPERTY WAYBILL_TEST_LIBRARIES waybill_${name})
endfunction()
