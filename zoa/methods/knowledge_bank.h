// SPDX-License-Identifier: Apache-2.0
// What ZOA has learnt: the present offsets (eps), the offsets of earlier domains (entries) and how
// much each of them counts (alpha). A value: copies are cheap, entries never change and are shared.
// The stem statistics kept with an entry are for others (cola-fp): ZOA itself does not read them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zoa/core/state.h"
#include "zoa/methods/domain_detector.h"

namespace zoa {

struct BankOptions {
  std::size_t capacity = 32;  ///< entries without the zero entry; 0 = nothing is ever kept
  double alpha_scale = 10;    ///< w = softmax(alpha_scale * alpha)
};

class KnowledgeBank {
 public:
  /// vector_sizes  length of each parameter vector (gamma or beta of a layer), in slot order; P is
  ///               their sum
  /// alpha_first   alpha of the zero entry
  KnowledgeBank(std::vector<std::size_t> vector_sizes,
                const BankOptions& options,
                double alpha_first);

  std::size_t parameters() const { return eps_.size(); }    ///< P
  std::size_t entries() const { return entries_.size(); }   ///< M, without the zero entry
  std::span<const double> alpha() const { return alpha_; }  ///< (M + 1), the zero entry first
  std::span<const float> eps() const { return eps_; }       ///< (P)
  std::span<const float> entry(std::size_t index) const {   ///< (P)
    return entries_[index]->offsets;
  }
  /// Stem statistics of the domain that the entry was learnt in; empty where there is no stem.
  const DomainStats& domain(std::size_t index) const { return entries_[index]->domain; }

  /// w = softmax(alpha_scale * alpha), (M + 1): how much of each entry is used.
  std::vector<double> weights() const { return weights(alpha_); }

  /// sum_k w_k entry_k + eps, (P): what is added to the shipped parameters.
  std::vector<double> total() const { return total(alpha_); }
  /// The same with other weights: alpha (M + 1).
  std::vector<double> total(std::span<const double> alpha) const;

  /// Keeps the present total as a new entry; total() stays the same but for rounding to float. A
  /// full bank first gives up one entry, whose index among alpha (0 = the zero entry) is returned.
  /// domain  stem statistics of the domain that ends, as many channels as those of other entries
  /// Differs: similarities are computed anew each time; the reference keeps a table that it does
  /// not compact after a removal.
  std::optional<std::size_t> insert(const DomainStats& domain = {});

  struct Merged {
    std::size_t added = 0;
    std::size_t duplicates = 0;  ///< entries of the other bank whose offsets were here already
    std::size_t removed = 0;     ///< entries given up, of either bank
  };

  /// Adds the entries of another bank over the same parameters; total() stays the same but for
  /// rounding to float, so the next answer does. An entry keeps its odds against the shipped model:
  /// alpha = own alpha of the zero entry + (other's scale / own scale) * (its alpha - other's alpha
  /// of the zero entry), within the limits of a new entry. Entries come one by one in their order;
  /// a full bank gives one up for each as insert() does. Capacity 0: nothing is added. Throws
  /// StateMismatch for other vector sizes or stem statistics of another width.
  Merged merge(const KnowledgeBank& other);

  /// Sets alpha (M + 1) and eps (P).
  void assign(std::vector<double> alpha, std::vector<float> eps);

  void save(StateWriter& writer, const std::string& prefix) const;
  /// Throws  StateMismatch for other vectors, BadFile for values not finite.
  void load(const StateReader& reader, const std::string& prefix);

  /// Vector sizes of a saved bank; empty for one of a zoa that did not save them.
  /// Throws  BadFile for sizes that cannot be.
  static std::vector<std::size_t> saved_vectors(const StateReader& reader,
                                                const std::string& prefix);

 private:
  struct Content {
    std::vector<float> offsets;
    DomainStats domain;
  };
  using Entry = std::shared_ptr<const Content>;

  std::vector<double> weights(std::span<const double> alpha) const;
  std::vector<double> mixture(std::span<const double> alpha) const;
  void restore_total(const std::vector<double>& wanted);
  bool is_full() const { return entries_.size() >= options_.capacity; }
  std::size_t give_up_one();
  void check_vectors(const StateReader& reader, const std::string& prefix) const;
  void check_mergeable(const KnowledgeBank& other) const;
  bool has_offsets(const std::vector<float>& offsets) const;
  double new_alpha() const;
  double similarity(std::size_t a, std::size_t b) const;
  std::size_t most_redundant() const;

  std::vector<std::size_t> vector_sizes_;
  BankOptions options_;
  std::vector<double> alpha_;
  std::vector<float> eps_;
  std::vector<Entry> entries_;
};

}  // namespace zoa
