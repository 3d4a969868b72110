# SPDX-License-Identifier: Apache-2.0
# One shared library of all modules, zoa::zoa, and what 'cmake --install' puts into a prefix: the library, the
# headers that zoa/zoa.h lists with what they include, the C header, the program, the CMake package, zoa.pc.
# Why one library: docs/design/one-shared-library.md.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Headers reachable from `header`, with paths from the repository's root.
function(zoa_reachable_headers header result)
  set(waiting ${header})
  set(found "")
  while(waiting)
    list(POP_FRONT waiting next)
    if(next IN_LIST found)
      continue()
    endif()
    list(APPEND found ${next})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${next})
    file(STRINGS ${PROJECT_SOURCE_DIR}/${next} lines REGEX "^#include \"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^#include \"([^\"]+)\".*" "\\1" included "${line}")
      list(APPEND waiting ${included})
    endforeach()
  endwhile()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

get_property(zoa_libraries GLOBAL PROPERTY ZOA_LIBRARIES)
get_property(zoa_third_party GLOBAL PROPERTY ZOA_THIRD_PARTY)
add_library(zoa_shared SHARED ${PROJECT_SOURCE_DIR}/capi/zoa.cpp ${PROJECT_SOURCE_DIR}/capi/option_json.cpp)
add_library(zoa::zoa ALIAS zoa_shared)
zoa_target_options(zoa_shared)
foreach(library IN LISTS zoa_libraries) # their object files: an archive would leave out what nobody calls
  target_sources(zoa_shared PRIVATE $<TARGET_OBJECTS:${library}>)
endforeach()
target_link_libraries(zoa_shared PRIVATE ${zoa_third_party})
target_link_options(zoa_shared PRIVATE
  LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/libzoa.map LINKER:--no-undefined)
set_target_properties(zoa_shared PROPERTIES
  OUTPUT_NAME zoa
  EXPORT_NAME zoa
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} # until 1.0 every minor version may break
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libzoa.map
  INTERFACE_COMPILE_FEATURES cxx_std_20
  INTERFACE_INCLUDE_DIRECTORIES
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR};${PROJECT_SOURCE_DIR}/capi>;$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

# OpenVINO's runtime: beside the library as in a Python environment, else where this build found it.
get_filename_component(zoa_openvino_root "${OpenVINO_DIR}/.." REALPATH)
set(ZOA_OPENVINO_RPATH "${zoa_openvino_root}/libs" CACHE STRING
    "Where an installed zoa looks for OpenVINO's libraries, after ../openvino/libs beside it")
set_target_properties(zoa_shared PROPERTIES INSTALL_RPATH "$ORIGIN/../openvino/libs;${ZOA_OPENVINO_RPATH}")
set_target_properties(zoa PROPERTIES INSTALL_RPATH "$ORIGIN/../openvino/libs;${ZOA_OPENVINO_RPATH}")

set(zoa_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zoa)
install(TARGETS zoa_shared EXPORT zoaTargets COMPONENT library)
install(TARGETS zoa COMPONENT program)
install(EXPORT zoaTargets NAMESPACE zoa:: DESTINATION ${zoa_package_dir} COMPONENT library)
zoa_reachable_headers(zoa/zoa.h zoa_public_headers)
foreach(header IN LISTS zoa_public_headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder} COMPONENT library)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/capi/zoa.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/zoaConfig.cmake.in ${PROJECT_BINARY_DIR}/zoaConfig.cmake
                              INSTALL_DESTINATION ${zoa_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/zoaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH zoa_pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/zoa.pc.in ${PROJECT_BINARY_DIR}/zoa.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/zoaConfig.cmake ${PROJECT_BINARY_DIR}/zoaConfigVersion.cmake
        DESTINATION ${zoa_package_dir} COMPONENT library)
install(FILES ${PROJECT_BINARY_DIR}/zoa.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
