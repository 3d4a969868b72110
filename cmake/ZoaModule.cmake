# SPDX-License-Identifier: Apache-2.0
# zoa_module(name [PUBLIC libs] [PRIVATE libs]): library zoa_<name> from zoa/<name>/*.cpp; the
# *_test.cpp beside them are collected for the test program (tests/CMakeLists.txt).
function(zoa_target_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)  # false alarms on "text" + string: GCC bug 105651
  endif()
  if(ZOA_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

function(zoa_module name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/zoa/${name}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/zoa/${name}/*_test.cpp)
  list(REMOVE_ITEM sources ${tests} "")
  set_property(GLOBAL APPEND PROPERTY ZOA_UNIT_TESTS ${tests})
  set_property(GLOBAL APPEND PROPERTY ZOA_LIBRARIES zoa_${name})
  set_property(GLOBAL APPEND PROPERTY ZOA_THIRD_PARTY ${arg_PRIVATE})
  if(NOT sources)  # headers only
    add_library(zoa_${name} INTERFACE)
    target_include_directories(zoa_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(zoa_${name} INTERFACE ${arg_PUBLIC})
    return()
  endif()
  add_library(zoa_${name} STATIC ${sources})
  zoa_target_options(zoa_${name})
  target_link_libraries(zoa_${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()
