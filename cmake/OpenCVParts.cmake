# SPDX-License-Identifier: Apache-2.0
# OpenCV's core and imgproc alone, with ZOA_VIDEO also videoio. Debian puts OpenCVConfig.cmake and opencv4.pc into libopencv-dev, which
# pulls in some 200 packages; the two small -dev packages have headers and libraries only, so we look
# for these ourselves. Makes the targets opencv_core, opencv_imgproc and opencv_videoio.
find_path(ZOA_OPENCV_INCLUDE opencv2/imgproc.hpp PATH_SUFFIXES opencv4 REQUIRED)
file(STRINGS "${ZOA_OPENCV_INCLUDE}/opencv2/core/version.hpp" zoa_opencv_major
     REGEX "define CV_VERSION_MAJOR +4$")
if(NOT zoa_opencv_major)
  message(FATAL_ERROR "OpenCV 4 expected in ${ZOA_OPENCV_INCLUDE}")
endif()
set(zoa_opencv_parts core imgproc)
if(ZOA_VIDEO)
  list(APPEND zoa_opencv_parts videoio)
endif()
foreach(part ${zoa_opencv_parts})
  find_library(ZOA_OPENCV_${part} opencv_${part} REQUIRED)
  add_library(opencv_${part} UNKNOWN IMPORTED)
  set_target_properties(opencv_${part} PROPERTIES
    IMPORTED_LOCATION "${ZOA_OPENCV_${part}}"
    INTERFACE_INCLUDE_DIRECTORIES "${ZOA_OPENCV_INCLUDE}")
endforeach()
set_property(TARGET opencv_imgproc PROPERTY INTERFACE_LINK_LIBRARIES opencv_core)
