// SPDX-License-Identifier: Apache-2.0
// Frames of a video file or a camera through OpenCV's videoio, an optional component: ZOA_VIDEO.
#include <charconv>

#include "zoa/core/error.h"

#include "cli/frame_source.h"

#ifdef ZOA_VIDEO
#include <cstring>
#include <utility>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#endif

namespace zoa::cli {
namespace {

#ifdef ZOA_VIDEO
class VideoSource final : public FrameSource {
 public:
  VideoSource(cv::VideoCapture capture, std::string name)
      : capture_(std::move(capture)), name_(std::move(name)) {}

  std::optional<Frame> next() override {
    cv::Mat bgr;
    if (!capture_.read(bgr) || bgr.empty()) {
      return std::nullopt;
    }
    Frame frame{name_ + "#" + std::to_string(place_++), Image(bgr.cols, bgr.rows), ""};
    if (bgr.type() != CV_8UC3) {
      frame.picture = {};
      frame.error = "a frame is not 8-bit colour";
      return frame;
    }
    cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, frame.picture.rgb.data());
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    return frame;
  }

 private:
  cv::VideoCapture capture_;
  std::string name_;
  std::size_t place_ = 0;
};

std::unique_ptr<FrameSource> start(cv::VideoCapture capture, const std::string& name) {
  if (!capture.isOpened()) {
    fail(ErrorCode::Io, "cannot open ", name, ": no such file or device, or no codec for it");
  }
  return std::make_unique<VideoSource>(std::move(capture), name);
}
#else
[[noreturn]] void fail_without_video(const std::string& name) {
  fail(ErrorCode::UnsupportedModel, name,
       ": this program was built without video; install libopencv-videoio-dev and build with "
       "cmake -DZOA_VIDEO=ON");
}
#endif

int parse_camera(const std::string& number) {
  int index = 0;
  const char* end = number.data() + number.size();
  const auto parsed = std::from_chars(number.data(), end, index);
  if (parsed.ec != std::errc{} || parsed.ptr != end || index < 0) {
    fail(ErrorCode::InvalidArgument, "camera:", number, ": expected a number, e.g. camera:0");
  }
  return index;
}

}  // namespace

std::unique_ptr<FrameSource> open_video(const std::string& file) {
#ifdef ZOA_VIDEO
  return start(cv::VideoCapture(file), file);
#else
  fail_without_video("video:" + file);
#endif
}

std::unique_ptr<FrameSource> open_camera(const std::string& number) {
  const int index = parse_camera(number);
#ifdef ZOA_VIDEO
  return start(cv::VideoCapture(index), "camera:" + std::to_string(index));
#else
  fail_without_video("camera:" + std::to_string(index));
#endif
}

}  // namespace zoa::cli
