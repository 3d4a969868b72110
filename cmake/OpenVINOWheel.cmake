# SPDX-License-Identifier: Apache-2.0
# Finds OpenVINO in its Python wheel: the project's .venv by default, another interpreter by
# -DZOA_PYTHON=..., or an installed OpenVINO by -DOpenVINO_DIR=....
set(ZOA_PYTHON "${PROJECT_SOURCE_DIR}/.venv/bin/python" CACHE FILEPATH "Python that has the openvino wheel")
set(ZOA_OPENVINO_VERSION 2026.4.1)
# A path cached by an earlier run may be gone: .venv was made anew with another Python.
if(NOT EXISTS "${OpenVINO_DIR}/OpenVINOConfig.cmake")
  execute_process(
    COMMAND "${ZOA_PYTHON}" -c "from openvino.utils import get_cmake_path; print(get_cmake_path())"
    OUTPUT_VARIABLE zoa_openvino_dir OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE zoa_openvino_failed ERROR_QUIET)
  if(zoa_openvino_failed)
    message(FATAL_ERROR "OpenVINO not found with ${ZOA_PYTHON}: run 'make setup' first")
  endif()
  set(OpenVINO_DIR "${zoa_openvino_dir}" CACHE PATH "OpenVINO's CMake package" FORCE)
endif()
find_package(OpenVINO ${ZOA_OPENVINO_VERSION} EXACT REQUIRED COMPONENTS Runtime)
