// SPDX-License-Identifier: Apache-2.0
// What align knows of its stream: statistics of the present domain, of the window that is not over
// yet, and of the stem, by which a change of domain is seen. A value that can be copied.
#pragma once

#include <string>

#include "zoa/methods/domain_detector.h"
#include "zoa/methods/running_moments.h"
#include "zoa/methods/window.h"

namespace zoa {

/// Of norms and last feature, one as wide as all sites, one as the feature.
struct AlignMoments {
  RunningMoments norms;
  RunningMoments feature;

  void save(StateWriter& writer, const std::string& prefix) const {
    norms.save(writer, prefix + ".norms");
    feature.save(writer, prefix + ".feature");
  }
  void load(const StateReader& reader, const std::string& prefix) {
    norms.load(reader, prefix + ".norms");
    feature.load(reader, prefix + ".feature");
  }
};

struct AlignState {
  AlignMoments running;      // of the domain
  AlignMoments recent;       // of the images since the stem was last compared
  StemSums window;           // of the same images
  DomainDetector detector;   // of the windows before
  std::size_t channels = 0;  // of the stem

  void save(StateWriter& writer, const std::string& prefix) const {
    running.save(writer, prefix + ".running");
    recent.save(writer, prefix + ".recent");
    window.save(writer, prefix + ".window");
    detector.save(writer, prefix);
  }
  void load(const StateReader& reader, const std::string& prefix) {
    running.load(reader, prefix + ".running");
    recent.load(reader, prefix + ".recent");
    window.load(reader, prefix + ".window");
    detector.load(reader, prefix, channels);
  }
};

}  // namespace zoa
