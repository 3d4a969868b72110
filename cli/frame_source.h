// SPDX-License-Identifier: Apache-2.0
// Where the frames of 'zoa adapt' come from: a folder, a list of files, paths on standard input, or
// a video or camera where the program was built with that.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "zoa/image/image.h"

namespace zoa::cli {

struct Frame {
  std::string name;   ///< path, or place in a video
  Image picture;      ///< empty if it cannot be had
  std::string error;  ///< why not
};

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  /// Nothing where the stream ends, or a signal broke off the waiting. A picture that cannot be
  /// read is a frame with an error: the stream goes on.
  virtual std::optional<Frame> next() = 0;
};

/// DIR (its JPEG and PNG files and those of folders below, by name), FILE (one path a line), "-"
/// (paths on standard input as they come), "video:FILE", "camera:N".
/// Throws  Io for a source that is not there or has no pictures; UnsupportedModel for video without
///         the component.
std::unique_ptr<FrameSource> open_frames(const std::string& source);

/// Of open_frames: videos and cameras (cli/video_source.cpp, with ZOA_VIDEO; else an error).
std::unique_ptr<FrameSource> open_video(const std::string& file);
std::unique_ptr<FrameSource> open_camera(const std::string& number);

}  // namespace zoa::cli
