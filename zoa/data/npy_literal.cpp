// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/npy_literal.h"

#include <set>

#include "zoa/core/error.h"

namespace zoa::detail {
namespace {

constexpr std::size_t kMaxDimensions = 32;
constexpr std::size_t kMaxDigits = 15;  // a side below 10^15 never overflows while it is read

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyLiteral parse() {
    expect('{');
    while (!accept('}')) {
      parse_entry();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (position_ != text_.size() || keys_.size() != 3) {
      refuse("three keys and nothing after them");
    }
    return literal_;
  }

 private:
  [[noreturn]] void refuse(const char* expected) const {
    fail(ErrorCode::BadFile, where_, ": malformed npy header at byte ", position_, ", expected ",
         expected);
  }

  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) {
      ++position_;
    }
  }

  bool accept(char wanted) {
    skip_blanks();
    const bool is_here = position_ < text_.size() && text_[position_] == wanted;
    position_ += is_here ? 1 : 0;
    return is_here;
  }

  void expect(char wanted) {
    if (!accept(wanted)) {
      refuse((std::string("'") + wanted + "'").c_str());
    }
  }

  std::string parse_string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') {
      expect('\'');
    }
    const std::size_t end = text_.find(quote, position_);
    if (end == std::string_view::npos) {
      refuse("a closing quote");
    }
    std::string value(text_.substr(position_, end - position_));
    position_ = end + 1;
    return value;
  }

  bool accept_word(std::string_view word) {
    skip_blanks();
    const bool is_here = text_.substr(position_).starts_with(word);
    position_ += is_here ? word.size() : 0;
    return is_here;
  }

  std::size_t parse_number() {
    skip_blanks();
    std::size_t value = 0;
    const std::size_t start = position_;
    while (position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9') {
      value = value * 10 + static_cast<std::size_t>(text_[position_++] - '0');
      if (position_ - start > kMaxDigits) {
        refuse("a smaller number");
      }
    }
    if (position_ == start) {
      refuse("a number");
    }
    return value;
  }

  void parse_shape() {
    expect('(');
    while (!accept(')')) {
      literal_.shape.push_back(parse_number());
      if (literal_.shape.size() > kMaxDimensions) {
        refuse("at most 32 dimensions");
      }
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  void parse_entry() {
    const std::string key = parse_string();
    expect(':');
    if (!keys_.insert(key).second) {
      refuse("each key once");
    }
    if (key == "descr") {
      literal_.descr = parse_string();
    } else if (key == "fortran_order") {
      literal_.fortran_order = accept_word("True");
      if (!literal_.fortran_order && !accept_word("False")) {
        refuse("True or False");
      }
    } else if (key == "shape") {
      parse_shape();
    } else {
      refuse("descr, fortran_order or shape");
    }
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t position_ = 0;
  std::set<std::string> keys_;
  NpyLiteral literal_;
};

}  // namespace

NpyLiteral parse_npy_literal(std::string_view text, const std::string& where) {
  return Parser(text, where).parse();
}

}  // namespace zoa::detail
