// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/rounding.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "zoa/core/error.h"
#include "zoa/core/parallel.h"

namespace zoa {

namespace {

using Matrix = Eigen::MatrixXf;  // column-major: a column is one input of all rows
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Index = Eigen::Index;

constexpr double kDamping = 0.01;  // of the mean diagonal (GPTQ's value)

// Everything that is the same for all rows.
struct Problem {
  Matrix hessian;            // H with the noise, in processing order
  Matrix target;             // rows x width: the least-squares weights for the noisy input
  Matrix inverse_upper;      // upper Cholesky factor of H^-1
  std::vector<Index> order;  // order[i] = input processed i-th
};

// Inputs with large moments first: their errors cost most and most inputs are left to make up.
std::vector<Index> processing_order(const Eigen::VectorXd& diagonal) {
  std::vector<Index> order(static_cast<std::size_t>(diagonal.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return diagonal[a] > diagonal[b]; });
  return order;
}

Eigen::MatrixXd permuted(const Eigen::MatrixXd& matrix, const std::vector<Index>& order) {
  return matrix(order, order);
}

Problem make_problem(std::span<const float> weights, const InputMoments& inputs) {
  const auto width = static_cast<Index>(inputs.width);
  const auto rows = static_cast<Index>(weights.size() / inputs.width);
  const Eigen::Map<const RowMajor> given(weights.data(), rows, width);
  Eigen::MatrixXd exact =
      Eigen::Map<const RowMajor>(inputs.moments.data(), width, width).cast<double>();
  if (!exact.allFinite()) {
    fail(ErrorCode::UnsupportedModel, "moments of a layer's input are not finite");
  }
  const double damping = kDamping * std::max(exact.diagonal().mean(), 1e-30);
  exact.diagonal().array() += damping;
  Eigen::MatrixXd noisy = exact;
  noisy.diagonal() += Eigen::Map<const Eigen::VectorXf>(inputs.noise.data(), width).cast<double>();
  Problem problem;
  problem.order = processing_order(noisy.diagonal());
  const Eigen::MatrixXd ordered = permuted(noisy, problem.order);
  const Eigen::LLT<Eigen::MatrixXd> factor(ordered);
  // E |W x - Q (x + d)|^2 with noise d is least, before rounding, at W E[x x^T] H^-1.
  const Eigen::MatrixXd wanted = given.cast<double>() * exact;
  problem.target =
      factor.solve(wanted(Eigen::all, problem.order).transpose()).transpose().cast<float>();
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(width, width));
  problem.inverse_upper =
      Eigen::MatrixXd(Eigen::LLT<Eigen::MatrixXd>(inverse).matrixU()).cast<float>();
  problem.hessian = ordered.cast<float>();
  return problem;
}

// A share of the rows, rounded by one thread.
class RowBlock {
 public:
  RowBlock(const Problem& problem, Index first, Index count, std::span<WeightGrid> grids)
      : problem_(problem),
        target_(problem.target.middleRows(first, count)),
        values_(count, problem.target.cols()),
        grids_(grids) {}

  void run(int sweeps) {
    pass_errors_on();
    for (int i = 0; i < sweeps; ++i) {
      refit_scales();
      descend();
    }
  }

  const Matrix& values() const { return values_; }

 private:
  float rounded(Index row, float value) const {
    const WeightGrid& grid = grids_[static_cast<std::size_t>(row)];
    return grid.scale * static_cast<float>(grid.code(value));
  }

  // GPTQ: what rounding column i loses is made up for by the columns after it.
  void pass_errors_on() {
    Matrix work = target_;
    const Matrix& upper = problem_.inverse_upper;
    const Index width = work.cols();
    Eigen::VectorXf error(work.rows());
    for (Index i = 0; i < width; ++i) {
      for (Index row = 0; row < work.rows(); ++row) {
        values_(row, i) = rounded(row, work(row, i));
      }
      error = (work.col(i) - values_.col(i)) / upper(i, i);
      const Index left = width - i - 1;
      work.rightCols(left).noalias() -= error * upper.row(i).tail(left);
    }
  }

  // With the codes as they are, the best scale of a row has a closed form.
  void refit_scales() {
    const Matrix through = values_ * problem_.hessian;
    for (Index row = 0; row < values_.rows(); ++row) {
      const float power = through.row(row).dot(values_.row(row));
      const float match = through.row(row).dot(target_.row(row));
      const float factor = power > 0 ? match / power : 1.0F;
      if (factor > 0.5F && factor < 2.0F) {  // anything else is noise of a dead row
        grids_[static_cast<std::size_t>(row)].scale *= factor;
        values_.row(row) *= factor;
      }
    }
  }

  // One sweep: each code in turn to its best value with the others fixed.
  void descend() {
    const Matrix& hessian = problem_.hessian;
    Matrix residual = (target_ - values_) * hessian;
    Eigen::VectorXf change(values_.rows());
    for (Index i = 0; i < values_.cols(); ++i) {
      const float curvature = hessian(i, i);
      for (Index row = 0; row < values_.rows(); ++row) {
        const float best = rounded(row, values_(row, i) + residual(row, i) / curvature);
        change[row] = best - values_(row, i);
        values_(row, i) = best;
      }
      if (change.any()) {
        residual.noalias() -= change * hessian.row(i);
      }
    }
  }

  const Problem& problem_;
  Matrix target_;
  Matrix values_;  // on the grid
  std::span<WeightGrid> grids_;
};

constexpr Index kBlockRows = 64;

}  // namespace

QuantizedWeights round_weights(std::span<const float> weights,
                               const InputMoments& inputs,
                               std::vector<WeightGrid> grids,
                               const RoundingOptions& options) {
  const Problem problem = make_problem(weights, inputs);
  const auto rows = static_cast<Index>(grids.size());
  const auto blocks = static_cast<std::size_t>((rows + kBlockRows - 1) / kBlockRows);
  QuantizedWeights result;
  result.codes.resize(weights.size());
  run_parallel(blocks, options.threads, [&](std::size_t b) {
    const Index first = static_cast<Index>(b) * kBlockRows;
    const Index count = std::min(kBlockRows, rows - first);
    const std::span<WeightGrid> own(grids.data() + first, static_cast<std::size_t>(count));
    RowBlock block(problem, first, count, own);
    block.run(options.sweeps);
    for (Index row = 0; row < count; ++row) {
      const WeightGrid& grid = own[static_cast<std::size_t>(row)];
      for (std::size_t i = 0; i < problem.order.size(); ++i) {
        const float value = block.values()(row, static_cast<Index>(i));
        const auto column = static_cast<std::size_t>(problem.order[i]);
        result.codes[static_cast<std::size_t>(first + row) * inputs.width + column] =
            static_cast<std::int8_t>(grid.code(value));
      }
    }
  });
  for (const WeightGrid& grid : grids) {
    result.scales.push_back(grid.scale);
  }
  return result;
}

QuantizedWeights round_to_nearest(std::span<const float> weights,
                                  const std::vector<WeightGrid>& grids) {
  QuantizedWeights result;
  const std::size_t width = weights.size() / grids.size();
  result.codes.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result.codes.push_back(static_cast<std::int8_t>(grids[i / width].code(weights[i])));
  }
  for (const WeightGrid& grid : grids) {
    result.scales.push_back(grid.scale);
  }
  return result;
}

}  // namespace zoa
