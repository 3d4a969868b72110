// SPDX-License-Identifier: Apache-2.0
// Statistics and corrections of a value as nodes of the graph. A value is tokens (B, T, C), a map
// (B, C, H, W) or rows (B, C); statistics run over everything but the channels.
#pragma once

#include "zoa/graph/ops_ov.h"

namespace zoa {

struct ValueMoments {
  ov::Output<ov::Node> mean;        ///< (1, C)
  ov::Output<ov::Node> variance;    ///< (1, C), biased
  ov::Output<ov::Node> covariance;  ///< (1, C * g), biased; no node unless asked for
};

/// Mean over the positions of each image of a map (B, C, H, W): (B, C, 1, 1). A pooling: it shares
/// out its work image by image as convolutions do, so that each thread reads what it wrote; a
/// reduction of the same axes takes up to three times as long (docs/performance.md).
ov::Output<ov::Node> mean_of_positions(const ov::Output<ov::Node>& map);

/// Mean over the positions of a map or the tokens (B, T, C) of each image; axes are kept.
ov::Output<ov::Node> mean_of_images(const ov::Output<ov::Node>& value);

/// group  channels per block of the covariance; 0 = no covariance. Shapes must be static.
ValueMoments measure_value(const ov::Output<ov::Node>& value, std::size_t group);

/// Mean and, where asked for, biased variance of every image over its positions, (B, C) each; no
/// node for the variance of rows, which is 0.
ValueMoments measure_images(const ov::Output<ov::Node>& value, bool variance);

/// The shape that one number per channel needs to broadcast against the value.
ov::Shape channel_shape(const ov::Output<ov::Node>& value, std::size_t channels);

/// value * scale + offset, both of channel_shape.
ov::Output<ov::Node> correct_diagonal(const ov::Output<ov::Node>& value,
                                      const ov::Output<ov::Node>& scale,
                                      const ov::Output<ov::Node>& offset);

/// Every row x of the value becomes x * matrix + offset, groups of g channels by themselves.
/// matrix  (C / g, g, g);  offset  of channel_shape
ov::Output<ov::Node> correct_matrix(const ov::Output<ov::Node>& value,
                                    const ov::Output<ov::Node>& matrix,
                                    const ov::Output<ov::Node>& offset);

}  // namespace zoa
